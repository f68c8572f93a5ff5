"""DKIM signatures judged by programs that are not ours: dkimpy, OpenDKIM (C), Mail::DKIM (Perl)."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import dkim

from tests.programs import needs, needs_perl, path_of

SCRIPT = Path(__file__).with_name("verify.pl")
needs_opendkim = needs("opendkim", package="opendkim")
needs_mail_dkim = needs_perl("Mail::DKIM", package="libmail-dkim-perl")

Records = Mapping[str, str]
"""What the DNS would say: text by name."""
_ED25519_KEY = 32


def record(key: Path, domain: str) -> dict[str, str]:
    """Return what is published of a private key, whose file bears its selector's name (RFC 6376 §3.6.1)."""
    command = ["openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER"]
    public = subprocess.run(command, check=True, capture_output=True).stdout
    ed25519 = b"\x2b\x65\x70" in public[:12]
    kind, raw = ("ed25519", public[-_ED25519_KEY:]) if ed25519 else ("rsa", public)
    text = f"v=DKIM1; k={kind}; p={base64.b64encode(raw).decode()}"
    return {f"{key.name}._domainkey.{domain}": text}


def by_dkimpy(message: bytes, records: Records) -> bool:
    """Say whether dkimpy takes the first signature, RSA (for Ed25519 it wants PyNaCl besides)."""

    def text(name: bytes, timeout: int = 5) -> bytes:  # noqa: ARG001 - dkimpy's interface
        return records.get(name.decode().rstrip("."), "").encode()

    return bool(dkim.verify(message, dnsfunc=text))


def by_opendkim(message: bytes, records: Records, folder: Path) -> list[str]:
    """Return OpenDKIM's result for each signature, such as `pass`."""
    config, data, mail = (folder / name for name in ("opendkim.conf", "dns.txt", "mail.eml"))
    _write(data, records)
    config.write_text(f"TestDNSData file:{data}\n", encoding="ascii")
    mail.write_bytes(message)
    command = [path_of("opendkim") or "opendkim", "-x", str(config), "-t", str(mail), "-v", "-v"]
    output = subprocess.run(command, capture_output=True, check=False, timeout=60).stdout.decode()
    return re.findall(r"\bdkim=(\w+)", output)


def by_mail_dkim(message: bytes, records: Records, folder: Path) -> list[str]:
    """Return Mail::DKIM's result for each signature, as `algorithm result`."""
    data = folder / "records.txt"
    _write(data, records)
    command = [path_of("perl") or "perl", str(SCRIPT), str(data)]
    done = subprocess.run(command, input=message, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().splitlines()


def _write(path: Path, records: Records) -> None:
    path.write_text("".join(f"{name} {text}\n" for name, text in records.items()), encoding="ascii")
