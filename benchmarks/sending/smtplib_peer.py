"""The peer: one EmailMessage for each person, sent by smtplib, as Python's documentation shows it.

`python -m benchmarks.sending.smtplib_peer WORK.json PORT MESSAGES`; prints one line of JSON.
"""

from __future__ import annotations

import json
import smtplib
import sys
import time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from pathlib import Path
from typing import Any

_SENDER = "newsletter@interkommunales.example"


def message(work: dict[str, Any], number: int, person: tuple[str, str, str]) -> EmailMessage:
    """Make one mail; 76 characters a line, as RFC 2045 wants it."""
    address, name, link = person
    mail = EmailMessage(policy=SMTP.clone(max_line_length=76))
    mail["From"] = Address("INTERKOMMUNALES.NRW", addr_spec=_SENDER)
    mail["To"] = Address(name, addr_spec=address)
    mail["Subject"] = work["subject"]
    mail["Date"] = localtime()
    mail["Message-ID"] = f"<{number}.bench@interkommunales.example>"
    mail["List-Unsubscribe"] = f"<{link}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = (work[part].replace("{{name}}", name).replace("{{link}}", link) for part in ("text", "html"))
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail


def main() -> None:
    """Send and tell."""
    file, port, messages = sys.argv[1:]
    work = json.loads(Path(file).read_text(encoding="utf-8"))
    wall, cpu = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", int(port), local_hostname="bench.example") as server:
        for number, person in enumerate(work["people"][: int(messages)]):
            server.send_message(message(work, number, person), f"bounces+{number}@lists.example", [person[0]])
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
