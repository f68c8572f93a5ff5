"""What mrml writes made valid HTML5 and accessible, where that costs no mail program anything.

Each repair answers a message of the W3C's checker or of axe-core on mrml 6.0.1's output. What stands in
Outlook's conditional comments is moved there or left there, never touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CONDITIONAL = re.compile(r"(<!--\[if [^!].*?<!\[endif\]-->)", re.DOTALL)
_OUTLOOK_CSS = "<!--[if mso]><style>table,td{mso-table-lspace:0pt;mso-table-rspace:0pt}</style><![endif]-->"
_REPAIRS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A void element has no slash (Nu: "Trailing slash on void elements").
    (re.compile(r"(<(?:img|meta|br|hr|link|input)\b[^>]*?)\s*/>"), r"\1>"),
    # CSS is what a style element holds anyway.
    (re.compile(r'<style type="text/css"'), "<style"),
    # mrml invents the attribute; the style beside it says the same.
    (re.compile(r'(<td\b[^>]*?) vertical-align="[a-z]+"'), r"\1"),
    (re.compile(r" mso-table-lspace: 0pt; mso-table-rspace: 0pt;"), ""),
    # The preheader is hidden in five other ways; white on white is what spam filters look for (0.7 points).
    (re.compile(r'(<div style="display:none;font-size:1px;)color:#ffffff;'), r"\1"),
    (re.compile(r'(<html\b[^>]*?) xmlns:v="[^"]*" xmlns:o="[^"]*"'), r"\1"),
)
_IMAGE = re.compile(r'<img\b[^>]*?\sheight="auto"[^>]*>')


def tidied(html: str, sizes: Mapping[str, tuple[int, int]]) -> str:
    """Return the repaired document; `sizes` gives width and height of images by their `src`."""
    parts = _CONDITIONAL.split(html)
    for index in range(0, len(parts), 2):
        for pattern, replacement in _REPAIRS:
            parts[index] = pattern.sub(replacement, parts[index])
        parts[index] = _IMAGE.sub(lambda found: _sized(found[0], sizes), parts[index])
    html = "".join(parts)
    # Office's own elements need their namespace where they stand, no longer on <html>.
    html = html.replace("<xml>", '<xml xmlns:o="urn:schemas-microsoft-com:office:office">', 1)
    html = html.replace("</head>", f"{_OUTLOOK_CSS}</head>", 1)
    return _with_main(html)


def _sized(tag: str, sizes: Mapping[str, tuple[int, int]]) -> str:
    """Give an image the height that goes with its width; the style keeps it in proportion when narrower."""
    source = re.search(r'\ssrc="([^"]*)"', tag)
    shown = re.search(r'\swidth="(\d+)"', tag)
    if source is None or shown is None or source[1] not in sizes:
        return tag.replace(' height="auto"', "")
    width, height = sizes[source[1]]
    return tag.replace('height="auto"', f'height="{max(round(int(shown[1]) * height / width), 1)}"')


def _with_main(html: str) -> str:
    """Mark the content as what the document is about (axe: landmark-one-main, region).

    mrml's wrapper says `role="article"`, which mail programs read out but which is no landmark. The main
    around it carries language and direction too, as webmail cuts off everything outside the body.
    """
    body = re.search(r"<body\b[^>]*>", html)
    wrapper = re.search(r'\srole="article"( lang="[^"]*")?( dir="[^"]*")?', html)
    if body is None or wrapper is None:
        return html
    opening = f'<div role="main"{wrapper[1] or ""}{wrapper[2] or ""}>'
    return html[: body.end()] + opening + html[body.end() :].replace("</body>", "</div></body>", 1)
