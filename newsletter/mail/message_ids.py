"""Message-IDs of an edition: known without composing a mail, so that relay logs can be read by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from newsletter.mail import headers
from newsletter.settings_model import Settings


@dataclass(frozen=True)
class MessageIds:
    """The Message-IDs of one edition's mails."""

    digest: str
    """The edition's."""
    domain: str
    """The sender's, in A-labels."""

    @classmethod
    def of(cls, digest: str, settings: Settings) -> Self:
        """Name the edition; the domain is the sender's.

        Raises:
            HeaderRefusedError: the sender's address is none.
        """
        return cls(digest, headers.ascii_address("From", settings.sender.address).rpartition("@")[2])

    def __call__(self, person: int) -> str:
        """Return the Message-ID of a person's mail, with its brackets; the same for every attempt."""
        return headers.message_id(self.digest, str(person), self.domain)

    def of_test(self, address: str, occasion: str) -> str:
        """Return the Message-ID of a test mail.

        Mailboxes hide a message whose Message-ID they have seen: it is another one each time, never the one
        that the mailing's own mail will have.
        """
        return headers.message_id(self.digest, f"test\0{address}\0{occasion}", self.domain)
