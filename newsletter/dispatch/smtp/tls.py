"""Encryption (RFC 8314, RFC 3207): whom we trust, and what is said when we cannot."""

from __future__ import annotations

import ssl
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.language import _


class CertificateFileError(NewsletterError, OSError):
    """The file with the certificates to trust cannot be used."""


def context(ca_file: Path | None) -> ssl.SSLContext:
    """Return how to encrypt: TLS 1.2 at least, the server's certificate and name checked.

    Args:
        ca_file: trust only these certificates, authorities or the server's very own; else the system's.

    Raises:
        CertificateFileError: the file cannot be read or holds no certificate.
    """
    if ca_file is None:
        return _strict(ssl.create_default_context())
    try:
        own = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as err:
        message = _("{path} holds no certificate.").format(path=ca_file)
        raise CertificateFileError(message, cure=_cure()) from err
    except OSError as err:
        message = _("{path} cannot be read: {reason}.").format(path=ca_file, reason=err.strerror)
        raise CertificateFileError(message, cure=_cure()) from err
    # The server's certificate itself may stand in the file, although it is no authority.
    own.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return _strict(own)


def explained(err: ssl.SSLError, host: str) -> str:
    """Say why encryption could not begin."""
    if isinstance(err, ssl.SSLCertVerificationError):
        text = _("The certificate of {host} is not trusted: {reason}.")
        return text.format(host=host, reason=err.verify_message.rstrip("."))
    text = _("No encryption with {host}: {reason}.")
    return text.format(host=host, reason=(err.reason or str(err)).replace("_", " ").lower())


def _strict(made: ssl.SSLContext) -> ssl.SSLContext:
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def _cure() -> str:
    return _("“ca_file” names a file in PEM format, with the certificate of the office's own authority.")
