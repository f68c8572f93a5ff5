"""DKIM signatures (RFC 6376; Ed25519: RFC 8463), made with what is constant made ready beforehand.

Header and body are signed in their relaxed form. RSA takes most of the time that a signed mail costs, and
lets go of the GIL meanwhile, so signing pays in threads.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.mail import canonical, headers
from newsletter.settings_sending import Dkim

SIGNED = frozenset(
    {
        "from", "reply-to", "to", "subject", "date", "message-id", "mime-version", "content-type",
        "list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help", "list-owner", "list-archive",
        "list-post", "feedback-id", "cfbl-address", "cfbl-feedback-id",
    }
)  # fmt: skip
"""What is signed of what is there: RFC 6376 §5.4.1, RFC 8058 §4 (both unsubscribe fields), RFC 9477 §3.1."""
SEALED = ("from", "reply-to", "to", "subject", "date")
"""Signed once more than there are: nobody can add another one, as replayed mail has (RFC 6376 §8.15)."""
_SHORTEST = 1024
"""Bits of an RSA key; RFC 8301 §3.2 forbids shorter ones."""
_FOLD_AT = 72
_RSA, _ED25519 = "rsa-sha256", "ed25519-sha256"


class DkimKeyError(NewsletterError, OSError):
    """A key that is to sign the mail cannot be used."""


@dataclass(frozen=True)
class Key:
    """A private key, and where its public half is found: `selector._domainkey.domain`."""

    domain: str
    selector: str
    algorithm: str
    """Its name in a signature: `rsa-sha256`, `ed25519-sha256`."""
    sign: Callable[[bytes], bytes]
    """Signs a canonical header."""

    @classmethod
    def load(cls, domain: str, selector: str, path: Path) -> Self:
        """Read a key from a PEM file.

        Raises:
            DkimKeyError: the file is missing, others can read it, or it holds no key that may sign.
        """
        label = headers.ascii_address("DKIM-Signature", f"x@{domain}").removeprefix("x@")
        return cls(label, selector, *_loaded(path, _read(path)))


@dataclass(frozen=True)
class Signer:
    """All keys that sign the mail."""

    keys: tuple[Key, ...]

    @classmethod
    def of(cls, dkim: Dkim, domain: str, root: Path) -> Self:
        """Load the keys; `domain` is the sender's, `root` where relative paths start.

        Raises:
            DkimKeyError: one cannot be used.
        """
        wanted = [(dkim.domain, dkim.selector, dkim.key_file)]
        wanted += [(key.domain, key.selector, key.key_file) for key in dkim.also.values()]
        return cls(
            tuple(
                Key.load(own or domain, selector, root / path)
                for own, selector, path in wanted
                if selector is not None and path is not None
            )
        )

    @property
    def costly(self) -> bool:
        """Whether signing takes so long that threads pay."""
        return any(key.algorithm == _RSA for key in self.keys)

    def stamps(self, names: Sequence[str], when: datetime) -> tuple[Stamp, ...]:
        """Make ready to sign mails that have fields of these names, in this order."""
        signed = [name for name in names if name in SIGNED]
        return tuple(Stamp.of(key, [*signed, *SEALED], int(when.timestamp())) for key in self.keys)


@dataclass(frozen=True)
class Stamp:
    """A signature as far as it is known beforehand."""

    key: Key
    opening: bytes
    """The field up to the hash of the body."""
    canonical: bytes
    """The same in its relaxed form."""

    @classmethod
    def of(cls, key: Key, names: Sequence[str], time: int) -> Self:
        """Write what is constant; the names in the order in which the fields are signed."""
        kind = f"v=1; a={key.algorithm}; c=relaxed/relaxed; t={time};"
        place = f"d={key.domain}; s={key.selector};"
        listed = f"h={_folded_list(names)};"
        opening = f"DKIM-Signature: {kind}\r\n {place}\r\n {listed}\r\n bh=".encode("ascii")
        return cls(key, opening, canonical.header(opening).removesuffix(b"\r\n"))

    def field(self, head: bytes, body_hash: bytes) -> bytes:
        """Return the whole field; `head` is what the names stand for, canonical, in their order."""
        signature = self.key.sign(b"".join((head, self.canonical, body_hash, b"; b=")))
        coded = base64.b64encode(signature)
        lines = [coded[start : start + _FOLD_AT] for start in range(0, len(coded), _FOLD_AT)]
        return b"".join((self.opening, body_hash, b";\r\n b=", b"\r\n ".join(lines), b"\r\n"))


def body_hash(canonical_body: bytes) -> bytes:
    """Return the hash of a canonical body, as it stands in a signature."""
    return base64.b64encode(sha256(canonical_body).digest())


def _folded_list(names: Sequence[str]) -> str:
    """Join names by colons, on lines that are short enough (RFC 6376 §3.5 allows space around a colon)."""
    lines = [""]
    for number, name in enumerate(names):
        item = name if number == len(names) - 1 else f"{name}:"
        if len(lines[-1]) + len(item) > _FOLD_AT:
            lines.append("")
        lines[-1] += item
    return "\r\n ".join(lines)


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        mode = path.stat().st_mode
    except FileNotFoundError as err:
        message = _("The key {path} that is to sign the mail is missing.").format(path=path)
        cure = _("Put it there, or change newsletter.toml, [dkim] key_file.")
        raise DkimKeyError(message, cure=cure) from err
    except OSError as err:
        message = _("The key {path} cannot be read: {reason}.").format(path=path, reason=err.strerror)
        raise DkimKeyError(message, cure=_("Check that the file and its folder are yours.")) from err
    if mode & 0o077:
        message = _("The key {path} can be read by others.").format(path=path)
        raise DkimKeyError(message, cure=_("Take their rights away: chmod 600 {path}").format(path=path))
    return data


def _loaded(path: Path, data: bytes) -> tuple[str, Callable[[bytes], bytes]]:
    """Return what a key's signatures are called, and how it signs."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (only where mail is signed: 50 ms)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        message = _("{path} holds no private key that can be read.").format(path=path)
        cure = _("It begins with “-----BEGIN PRIVATE KEY-----”, without a password: openssl genrsa 2048")
        raise DkimKeyError(message, cure=cure) from err
    if isinstance(key, RSAPrivateKey):
        _refuse_short(path, key.key_size)
        padding, algorithm = PKCS1v15(), SHA256()
        return _RSA, lambda head: key.sign(head, padding, algorithm)
    if isinstance(key, Ed25519PrivateKey):
        return _ED25519, lambda head: key.sign(sha256(head).digest())  # RFC 8463 §3: the hash is signed
    message = _("The key {path} is of a kind that does not sign mail.").format(path=path)
    raise DkimKeyError(message, cure=_("RSA and Ed25519 do: openssl genrsa 2048"))


def _refuse_short(path: Path, bits: int) -> None:
    if bits < _SHORTEST:
        message = _("The key {path} has {bits} bits; nobody accepts its signatures.")
        cure = _("Make one of 2048: openssl genrsa 2048")
        raise DkimKeyError(message.format(path=path, bits=bits), cure=cure)
