"""Serve the preview on this machine alone, until Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
import threading
import webbrowser
from collections.abc import Callable, Mapping
from types import FrameType

import uvicorn

from newsletter.errors import NewsletterError
from newsletter.issue_id import IssueId
from newsletter.language import _
from newsletter.web.app import Preview, SendTest
from newsletter.web.told import EDITOR_URL
from newsletter.web.workbench import Workbench
from newsletter.workspace import Workspace

HOST = "127.0.0.1"


class PortTakenError(NewsletterError, OSError):
    """The port is taken."""


def bound(port: int) -> socket.socket:
    """Return a socket on this machine's loopback; 0 means any free port.

    Raises:
        PortTakenError: something else listens there, or we may not.
    """
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((HOST, port))
        door.listen()
    except OSError as err:
        door.close()
        message = _("The port {port} cannot be used: {reason}.").format(port=port, reason=err.strerror)
        raise PortTakenError(message, cure=_("Without --port a free one is taken.")) from err
    return door


class _Server(uvicorn.Server):
    """Lets those who wait for news go when it is told to end; uvicorn would wait for them."""

    def __init__(self, config: uvicorn.Config, bench: Workbench) -> None:
        super().__init__(config)
        self._bench = bench
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._bench.end()))


def serve(
    workspace: Workspace,
    issue_id: IssueId,
    environ: Mapping[str, str],
    *,
    door: socket.socket,
    send_test: SendTest,
    editor_url: str = EDITOR_URL,
    tell: Callable[[str], None],
    browse: bool,
) -> None:
    """Show an issue in the browser until Ctrl-C.

    Args:
        workspace: the newsletter.
        issue_id: which issue.
        environ: settings that stand over those of newsletter.toml.
        door: from `bound`.
        send_test: sends test mails.
        editor_url: opens a place in an editor; `{path}`, `{line}` and `{column}` are filled in.
        tell: is told the address when the page can be opened.
        browse: whether to open it in the browser.
    """
    bench = Workbench(workspace, issue_id, environ)

    def opened() -> None:
        tell(preview.url)
        if browse:  # in a thread: a browser in the terminal would hold us up
            threading.Thread(target=webbrowser.open, args=(preview.url,), daemon=True).start()

    preview = Preview(
        bench=bench,
        send_test=send_test,
        port=door.getsockname()[1],
        editor_url=editor_url,
        opened=opened,
    )
    config = uvicorn.Config(
        preview.app(),
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=2,
    )
    try:
        _Server(config, bench).run(sockets=[door])
    except KeyboardInterrupt:  # uvicorn passes Ctrl-C on when it has ended
        pass
    finally:
        door.close()
