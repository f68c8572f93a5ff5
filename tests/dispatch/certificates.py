"""Certificates for servers in tests: an authority of our own, and what it signs."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)
_NO_USES = dict.fromkeys(
    ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
     "decipher_only"), False,
)  # fmt: skip


@dataclass(frozen=True)
class Authority:
    """Signs certificates; `file` is what a client trusts (PEM)."""

    file: Path
    _key: ec.EllipticCurvePrivateKey
    _certificate: x509.Certificate

    @classmethod
    def made(cls, folder: Path, name: str = "authority") -> Authority:
        """Make a new one, whose certificate is written to `folder/name.pem`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(f"Test {name}")
        uses = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **_NO_USES)
        builder = (
            _builder(subject, subject, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(uses, critical=True)
        )
        certificate = builder.sign(key, hashes.SHA256())
        file = folder / f"{name}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(file, key, certificate)

    def server(self, folder: Path, *hosts: str, expired: bool = False) -> Path:
        """Write key and certificate for a server with these names or IP addresses into one PEM file.

        Args:
            folder: where the file goes.
            hosts: what the certificate is for; 127.0.0.1 and localhost when none is given.
            expired: whether it ended yesterday.
        """
        names = hosts or ("127.0.0.1", "localhost")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(names[0]), self._certificate.subject, key, ended=expired)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        file = folder / f"{names[0]}{'-expired' if expired else ''}-{certificate.serial_number:x}.pem"
        file.touch(mode=0o600)
        file.write_bytes(_private(key) + certificate.public_bytes(serialization.Encoding.PEM))
        return file


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, ended: bool = False
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * _DAY)
        .not_valid_after(now - _DAY if ended else now + 30 * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
