"""The press: prints each recipient's letter from an edition.

What is the same for all was written once; for a recipient there remain their address and name, the values of
the personal places, Message-ID, tokens, and the signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from newsletter.compose.edition import MARKER, Edition
from newsletter.mail import headers, salutation
from newsletter.mail.dkim import Signer
from newsletter.mail.heading import Heading
from newsletter.mail.letter import Letter
from newsletter.mail.message_ids import MessageIds
from newsletter.mail.plate import Plate
from newsletter.mail.recipient import Recipient
from newsletter.mail.return_path import ReturnPath
from newsletter.mail.skeleton import Skeleton
from newsletter.mail.tokens import Mint, Tokens
from newsletter.mail.ways_out import WaysOut
from newsletter.settings_model import Settings
from newsletter.subscribers.secret import Secret

__all__ = ["Press", "Recipient"]

_SAMPLE = Secret(b"sample")
"""Makes the tokens of previews, which no list knows."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """An edition ready to be printed; threads may share it."""

    edition: Edition
    settings: Settings
    mint: Mint
    signer: Signer
    mailing: int
    """Its number in the ledger; 0 for tests and previews."""
    date: datetime
    mark: str = ""
    """Stands before the subject of a test mail."""
    _plates: dict[str, Plate] = field(default_factory=dict, repr=False, compare=False)
    """By the readers' segments; made when the first of them comes."""
    _skeletons: dict[str, Skeleton] = field(default_factory=dict, repr=False, compare=False)
    """By variant; the date is not in them."""

    @classmethod
    def of(
        cls,
        edition: Edition,
        settings: Settings,
        secret: Secret,
        *,
        root: Path,
        mailing: int,
        date: datetime,
        mark: str = "",
    ) -> Self:
        """Make ready for a mailing; relative paths of keys start at `root`.

        Raises:
            DkimKeyError: a key that is to sign the mail cannot be used.
            NewsletterError: the settings hold something that cannot stand in a header.
        """
        signer = Signer.of(settings.dkim, MessageIds.of(edition.digest, settings).domain, root)
        press = cls(
            edition=edition,
            settings=settings,
            mint=Mint(secret),
            signer=signer,
            mailing=mailing,
            date=date,
            mark=mark,
        )
        return press._tried()

    @classmethod
    def sample(cls, edition: Edition, settings: Settings, *, date: datetime) -> Self:
        """Make ready for a preview: the same mail, unsigned, with tokens that nobody knows.

        Raises:
            NewsletterError: the settings hold something that cannot stand in a header.
        """
        mint, signer = Mint(_SAMPLE), Signer(())
        press = cls(edition=edition, settings=settings, mint=mint, signer=signer, mailing=0, date=date)
        return press._tried()

    @property
    def costly(self) -> bool:
        """Whether signing takes so long that letters should be printed in threads."""
        return self.signer.costly

    def dated(self, date: datetime) -> Self:
        """Return the same press with another date: to filters, a mail hours old looks like spam."""
        return replace(self, date=date, _plates={})

    def message_id(self, person: int) -> str:
        """Return the Message-ID of a person's mail, with its brackets; the same for every attempt."""
        return self._message_ids(person)

    def letter(self, recipient: Recipient) -> Letter:
        """Print a letter; the same one, to the byte, whenever asked.

        Raises:
            HeaderRefusedError: address, name or subject cannot stand in the header.
            PlaceRefusedError: a value cannot stand in its place.
        """
        plate = self._plates.get(recipient.segments) or self._plate(recipient.segments)
        spec, utf8 = headers.recipient("To", recipient.address)
        tokens = self.mint.tokens(self.mailing, recipient.person)
        values = plate.values(recipient)
        own = self._own_fields(recipient, spec, tokens, values)
        data = plate.message(own, values, tokens.unsubscribe)
        return Letter(self._return_path.address(tokens.bounce), spec.encode(), data, utf8)

    def _own_fields(
        self, recipient: Recipient, spec: str, tokens: Tokens, values: Mapping[str, str]
    ) -> list[bytes]:
        """Write the fields that are the recipient's own, in the order of `_own_names`."""
        fields = [
            headers.addressed("To", spec, salutation.full_name(recipient)),
            f"Message-ID: {self._message_id_for(recipient)}\r\n".encode("ascii"),
            self._ways_out.unsubscribe(tokens.unsubscribe),
        ]
        if self._personal_subject:
            subject = self.mark + self.edition.fill(self.edition.subject, values)
            fields.append(headers.text("Subject", subject))
        if self.settings.list.feedback_address:
            fields.append(f"CFBL-Feedback-ID: {tokens.feedback}\r\n".encode("ascii"))
        return fields

    @cached_property
    def _own_names(self) -> list[str]:
        names = ["to", "message-id", "list-unsubscribe"]
        if self._personal_subject:
            names.append("subject")
        if self.settings.list.feedback_address:
            names.append("cfbl-feedback-id")
        return names

    def _message_id_for(self, recipient: Recipient) -> str:
        if self.mark:
            return self._message_ids.of_test(recipient.address, self.date.isoformat())
        return self._message_ids(recipient.person)

    @cached_property
    def _personal_subject(self) -> bool:
        return MARKER.search(self.edition.subject) is not None

    @cached_property
    def _message_ids(self) -> MessageIds:
        return MessageIds.of(self.edition.digest, self.settings)

    @cached_property
    def _return_path(self) -> ReturnPath:
        return ReturnPath.of(self.settings.sender)

    @cached_property
    def _ways_out(self) -> WaysOut:
        return WaysOut.of(self.settings)

    def _tried(self) -> Self:
        """Use everything once, so that what is wrong with the settings is told before the first letter."""
        self._plate("")
        self._return_path.address("")
        return self

    def _plate(self, segments: str) -> Plate:
        """Make the plate for readers of these segments; two threads that make the same one do no harm."""
        variant = self.edition.variant_for(frozenset(segments.split("+")))
        skeleton = self._skeletons.get(variant.name)
        if skeleton is None:
            skeleton = Skeleton.of(self.edition, variant, self._ways_out)
            self._skeletons[variant.name] = skeleton
        heading = Heading.of(
            self.edition, variant, self.settings, skeleton.content_type, date=self.date, mark=self.mark
        )
        stamps = self.signer.stamps([*heading.names, *self._own_names], self.date)
        plate = Plate.of(self.edition, heading, skeleton, stamps)
        self._plates[segments] = plate
        return plate
