"""The guard at the door: only this machine's browser, only with the token, and nothing that leaks it.

A page that listens on this machine can be reached by every page in the same browser (DNS rebinding, forms
that post across origins) and by every other user of the machine; hence Host, Origin and the token.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
CLOSED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""What a document may do that names nothing else."""
MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self';"
    " base-uri 'none'; form-action 'none';"
    " sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""What the document of a mail may do: show itself within our page; no scripts, nothing from elsewhere."""


def page(nonce: str) -> str:
    """Return what our own page may do; its one script and style carry the nonce."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:;"
        " connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


class Guard:
    """Refuses who does not belong here, and dresses every answer."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, "Content-Security-Policy": CLOSED}.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, dressed)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts or headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return PlainTextResponse("Forbidden", 403)
        if origin != f"http://{host}" and (origin is not None or scope["method"] not in {"GET", "HEAD"}):
            return PlainTextResponse("Forbidden", 403)
        if not hmac.compare_digest(scope["path"].split("/")[1].encode(), self._token):
            return PlainTextResponse("Not Found", 404)
        return None
