"""The mail server of the document about sending: with some of its recipients it goes as the document shows.

The document calls it `HOST`. It is a real one on this machine, with STARTTLS. Where it is really found comes
from the environment, which wins over the settings that the document shows.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.dispatch.certificates import Authority
from tests.dispatch.smtp.server import Server
from tests.dispatch.smtp.talk import Rule

HOST = "smtp.stadtland.example"
PORT = 587
RULES = (
    Rule(
        at="RCPT", matching=b"kim.schoen@", says=b"451 4.7.1 Greylisting, please come back later\r\n", times=1
    ),
    Rule(at="RCPT", matching=b"jana.klein@", says=b"550 5.1.1 User unknown\r\n"),
    Rule(at="DOT", matching=b"post@kreis-nord.example", says=b"", then="close", times=1),
)


@contextmanager
def relay() -> Iterator[tuple[Server, Mapping[str, str]]]:
    """Give the server and the settings that lead to it."""
    with TemporaryDirectory() as folder:
        authority = Authority.made(Path(folder))
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(authority.server(Path(folder)))
        with Server(rules=RULES, trust=trust) as server:
            settings = {
                "HOST": "127.0.0.1",
                "PORT": str(server.port),
                "CA_FILE": str(authority.file),
                "CONNECTIONS": "1",  # so that recipients come in their order
            }
            yield server, {f"NEWSLETTER_SMTP__{name}": value for name, value in settings.items()}
