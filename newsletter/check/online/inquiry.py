"""An inquiry: all links of an issue, asked side by side, with what is still known from the last time."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.check.online.answer import Answer
from newsletter.check.online.asking import Asker, Patience
from newsletter.check.online.gate import Gate
from newsletter.check.online.names import Names, Resolve, system
from newsletter.check.online.pace import EVERYWHERE
from newsletter.compose.cache import Drawer

_KEPT_FOR = timedelta(hours=6)
_FILE = "links.json"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """How links are asked for."""

    gate: Gate = field(default_factory=Gate)
    resolve: Resolve = system
    patience: Patience = field(default_factory=Patience)
    trust: ssl.SSLContext | None = None
    """Whose certificates are trusted; None: those that the system and certifi trust."""
    now: Callable[[], datetime] = _now

    def answers(self, urls: Iterable[str], cache: Path | None = None) -> Mapping[str, Answer]:
        """Ask for web addresses, each once. Runs an event loop of its own, so not to be called within one.

        Args:
            urls: what to ask for.
            cache: the folder in which good answers are kept for some hours; None: nothing is kept.
        """
        kept = Kept(cache, self.now())
        wanted = list(dict.fromkeys(urls))
        known = {url: answer for url in wanted if (answer := kept.answer(url)) is not None}
        asked = asyncio.run(self._asked([url for url in wanted if url not in known]))
        for url, answer in asked.items():
            kept.keep(url, answer)
        kept.save()
        return {url: known.get(url) or asked[url] for url in wanted}

    async def _asked(self, urls: list[str]) -> dict[str, Answer]:
        if not urls:
            return {}
        # The system's resolver blocks a thread for each name.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(EVERYWHERE))
        asker = Asker(Names(self.gate, self.resolve), self.patience, self.trust)
        try:
            return dict(zip(urls, await asyncio.gather(*map(asker.answer, urls)), strict=True))
        finally:
            await asker.close()


class Kept:
    """Good answers of the last hours; what was not good is asked again, as somebody may have mended it."""

    def __init__(self, folder: Path | None, now: datetime) -> None:
        self._drawer = Drawer(folder / _FILE if folder else None)
        self._now = now

    def answer(self, url: str) -> Answer | None:
        """Return what is still known of a link."""
        text = self._drawer.get(url)
        if text is None:
            return None
        try:
            kept = json.loads(text)
            age = self._now - datetime.fromisoformat(kept.pop("at"))
            answer = Answer.from_dict(kept)
        except (ValueError, TypeError, LookupError, AttributeError):
            return None
        return answer if timedelta() <= age < _KEPT_FOR and answer.good else None

    def keep(self, url: str, answer: Answer) -> None:
        """Keep a good answer."""
        if answer.good:
            self._drawer.put(url, json.dumps({**answer.as_dict(), "at": self._now.isoformat()}))

    def save(self) -> None:
        """Write them down."""
        self._drawer.save()
