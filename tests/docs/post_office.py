"""A real SMTP server while a command runs: `python -m tests.docs.post_office FOLDER COMMAND…`.

`make demo-smtp` uses it. The server is aiosmtpd, on a free port, and puts what it accepts into a Maildir. The
command finds it in its environment, as `[smtp]` of newsletter.toml.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP

from newsletter.workspace import Workspace

HOST = "127.0.0.1"


async def serve(mailbox: Mailbox, command: list[str]) -> int:
    """Run a command beside the server; return its exit code."""
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, enable_SMTPUTF8=True), HOST, 0
    )
    port = server.sockets[0].getsockname()[1]
    settings = {"HOST": HOST, "PORT": str(port), "SECURITY": "none"}
    variables = {f"NEWSLETTER_SMTP__{name}": value for name, value in settings.items()}
    async with server:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
        return await process.wait()


def main() -> int:
    """Refuse where mail could go elsewhere; else run the command and say what came."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    if Workspace.find(Path.cwd(), os.environ).settings.smtp.relays:
        print("newsletter.toml names further mail servers in [smtp.relays]; a show must not use them.")
        return 2
    folder.parent.mkdir(parents=True, exist_ok=True)
    code = asyncio.run(serve(Mailbox(folder), command))
    print(f"{len(list((folder / 'new').iterdir()))} mails came to the server: {folder}/new")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
