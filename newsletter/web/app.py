"""The pages of the preview: the page itself, the documents in its frames, what it is told, and test mails."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from newsletter import language, pages
from newsletter.compose.edition import Edition
from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.web import guard
from newsletter.web.told import EDITOR_URL, told
from newsletter.web.views import View, document
from newsletter.web.watching import watch
from newsletter.web.words import HINTS, PANES, VIEWS, WORDS
from newsletter.web.workbench import Workbench

BEAT = 15.0
"""Seconds after which a browser is told that we are still here."""
_LONGEST_ADDRESS = 320
_LARGEST_BODY = 4096


class Tried(NamedTuple):
    """What became of a test mail."""

    address: str
    well: bool
    told: str


SendTest = Callable[[Edition, str], Sequence[Tried]]
"""Sends an edition to an address as a test; called in a thread of its own."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The preview of one issue."""

    bench: Workbench
    send_test: SendTest
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    editor_url: str = EDITOR_URL
    opened: Callable[[], None] = lambda: None
    """Called when the pages can be asked for."""
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def url(self) -> str:
        """Where it is found."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def app(self) -> guard.Guard:
        """Return the application, guarded."""
        routes = [
            Route("/", self._page),
            Route("/view/{name}", self._view),
            Route("/image/{name}", self._image),
            Route("/events", self._events),
            Route("/test", self._test, methods=["POST"]),
        ]
        inner = Starlette(routes=[Mount(f"/{self.token}", routes=routes)], lifespan=self._living)
        return guard.Guard(inner, port=self.port, token=self.token)

    @asynccontextmanager
    async def _living(self, _app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(watch(self.bench))
        self.opened()
        try:
            yield
        finally:
            await self.bench.end()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _page(self, _request: Request) -> Response:
        nonce = secrets.token_urlsafe(18)
        settings = self.bench.glance.workspace.settings
        context = {
            "nonce": nonce,
            "issue": str(self.bench.issue_id),
            "newsletter": settings.newsletter.title,
            "address": settings.sender.reply_to or settings.sender.address,
            "views": [(key, _(name), _(HINTS[key])) for key, name in VIEWS.items()],
            "panes": [(key, _(name), *widths) for key, (name, *widths) in PANES.items()],
            "words": {name: _(word) for name, word in WORDS.items()},
        }
        policy = {"Content-Security-Policy": guard.page(nonce)}
        return HTMLResponse(pages.render("preview.html.j2", context), headers=policy)

    async def _view(self, request: Request) -> Response:
        name = request.path_params["name"]
        received = self.bench.glance.received(request.query_params.get("reader", ""))
        if name not in set(View) or received is None:
            return PlainTextResponse("Not Found", 404)
        shown = document(View(name), received, image=lambda asset: f"../image/{asset.name}")
        return HTMLResponse(shown, headers={"Content-Security-Policy": guard.MAIL})

    async def _image(self, request: Request) -> Response:
        asset = self.bench.image(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("Not Found", 404)
        return Response(asset.data, media_type=asset.media_type)

    async def _events(self, request: Request) -> Response:
        """Tell the present state at once, and every later one (server-sent events)."""
        reader = request.query_params.get("reader", "")
        stream = {"X-Accel-Buffering": "no"}
        return StreamingResponse(self._told(reader), media_type="text/event-stream", headers=stream)

    async def _told(self, reader: str) -> AsyncIterator[str]:
        version = -1
        yield "retry: 500\n\n"
        while not self.bench.ended.is_set():
            glance = await self.bench.after(version, BEAT)
            if self.bench.ended.is_set():
                break
            if glance.version == version:
                yield "event: beat\ndata:\n\n"
                continue
            version = glance.version
            yield f"event: glance\ndata: {json.dumps(told(glance, reader, self.editor_url))}\n\n"
        yield "event: end\ndata:\n\n"

    async def _test(self, request: Request) -> Response:
        """Send a test of the edition that the browser shows, and of no other."""
        wanted = await _asked(request)
        if wanted is None:
            return _refused(_("This is no request of the preview's."), status=400)
        edition, obstacle = self._shown(wanted["digest"])
        if edition is None:
            return _refused(obstacle, status=409)
        try:
            async with self._sending:
                outcomes = await asyncio.to_thread(self.send_test, edition, wanted["address"])
        except NewsletterError as err:
            return _refused(err.message, err.cure)
        except Exception as err:  # noqa: BLE001 (the editor is told; the preview goes on)
            return _refused(_("The test could not be sent: {reason}.").format(reason=err), status=500)
        return JSONResponse({"outcomes": [one._asdict() for one in outcomes]})

    def _shown(self, digest: str) -> tuple[Edition | None, str]:
        """Return the edition that is shown now, or why it cannot be sent."""
        glance = self.bench.glance
        if glance.edition is None:
            return None, _("There is nothing to send yet.")
        if glance.faults:
            return None, _("An issue with faults is not sent, not even as a test.")
        if digest != glance.edition.digest:
            return None, _("The issue has changed; look at it again before you send it.")
        return glance.edition, ""


async def _asked(request: Request) -> dict[str, str] | None:
    """Read address and digest from a small JSON body; None when it is anything else."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            return None
    try:
        data: Any = json.loads(body)
    except ValueError:
        return None
    if not isinstance(data, dict) or not request.headers.get("content-type", "").startswith(
        "application/json"
    ):
        return None
    address, digest = data.get("address"), data.get("digest")
    if not isinstance(address, str) or not isinstance(digest, str) or len(address) > _LONGEST_ADDRESS:
        return None
    return {"address": address.strip(), "digest": digest}


def _refused(message: str, cure: str = "", *, status: int = 422) -> Response:
    return JSONResponse({"message": message, "cure": cure, "lang": language.editor()}, status)
