"""The workbench: the issue as it is written now, composed and checked, and told to all who look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from newsletter import config
from newsletter.check import checking, registry
from newsletter.check.proof import Proof
from newsletter.check.report import Report
from newsletter.compose.edition import Asset, Edition
from newsletter.errors import Fault, FaultsFound, NewsletterError, Where
from newsletter.issue_id import IssueId
from newsletter.language import _
from newsletter.mail.salutation import Reader
from newsletter.web.samples import Sample, chosen, samples
from newsletter.web.views import Received
from newsletter.workspace import Workspace

SECOND_LOOK = 0.08
"""Seconds after which a faulty file is read again before that is told: some editors write in two steps."""
CHECK_AFTER = 0.1
"""Seconds that the browsers get to load a new mail before the check takes the processor."""


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What there is to see: the last good state, and what is wrong with the present one."""

    version: int = 0
    """Grows with whatever changes."""
    revision: int = 0
    """Grows when the mail changes."""
    workspace: Workspace
    proof: Proof | None = None
    """Of the last good state; None when there was none yet."""
    faults: tuple[Fault, ...] = ()
    """What keeps the present state from being shown."""
    report: Report | None = None
    """Of the last good state; None until it was checked."""
    trouble: str = ""
    """What kept the check from its end."""
    at: datetime
    """When the last good state was composed."""

    @property
    def edition(self) -> Edition | None:
        """The last good edition."""
        return self.proof.edition if self.proof else None

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """The readers to choose from; none without an edition."""
        return samples(self.edition, self.workspace.settings) if self.edition else ()

    def received(self, key: str) -> Received | None:
        """Return what a sample reader gets."""
        if self.edition is None:
            return None
        reader: Reader = chosen(self.samples, key).reader
        return Received.of(self.edition, reader, self.workspace.settings)


class Workbench:
    """Keeps the present glance and tells those who wait for the next one."""

    def __init__(self, workspace: Workspace, issue_id: IssueId, environ: Mapping[str, str]) -> None:
        self.issue_id = issue_id
        self._environ = environ
        self._written = b""
        self._images: dict[str, Asset] = {}
        self._told = asyncio.Condition()
        self._checking: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        self.glance = Glance(workspace=workspace, at=datetime.now().astimezone())

    def image(self, name: str) -> Asset | None:
        """Return an image of this edition or of the one before, which a browser may still be loading."""
        return self._images.get(name)

    async def renew(self) -> None:
        """Read and compose what is written now, and tell; the check follows a moment later."""
        seen = await asyncio.to_thread(self._seen)
        if seen.faults:
            await asyncio.sleep(SECOND_LOOK)
            seen = await asyncio.to_thread(self._seen)
        await self._tell(seen)
        if self._checking is not None:
            self._checking.cancel()
        if not seen.faults:
            self._checking = asyncio.create_task(self._check(seen.revision))

    async def after(self, version: int, patience: float) -> Glance:
        """Wait for a glance newer than this version; the present one when that takes too long."""
        try:
            async with asyncio.timeout(patience), self._told:
                await self._told.wait_for(lambda: self.glance.version > version or self.ended.is_set())
        except TimeoutError:
            pass
        return self.glance

    async def end(self) -> None:
        """Let nobody wait any longer."""
        self.ended.set()
        if self._checking is not None:
            self._checking.cancel()
        async with self._told:
            self._told.notify_all()

    async def _tell(self, seen: Glance) -> None:
        async with self._told:
            self.glance = replace(seen, version=self.glance.version + 1)
            self._told.notify_all()

    async def _check(self, revision: int) -> None:
        """Check the mail that is shown, unless a newer one comes meanwhile."""
        await asyncio.sleep(CHECK_AFTER)
        proof = self.glance.proof
        if proof is None:
            return
        told = await asyncio.to_thread(self._checked, proof)
        if self.glance.revision == revision:
            await self._tell(replace(self.glance, **told))

    def _checked(self, proof: Proof) -> dict[str, Any]:
        try:
            report = checking.report(proof, self.issue_id, registry.chosen((), with_online=False))
        except Exception as err:  # noqa: BLE001 (the mail is shown all the same)
            return {"report": None, "trouble": _("The check failed: {reason}.").format(reason=_named(err))}
        return {"report": report, "trouble": ""}

    def _seen(self) -> Glance:
        """Read and compose; what goes wrong is told over the last good state."""
        before = self.glance
        try:
            workspace = self._workspace()
            proof = checking.proof_of(workspace, self.issue_id)
        except FaultsFound as found:
            return replace(before, faults=found.faults)
        except Exception as err:  # noqa: BLE001 (whatever it is, the editor is told and the preview goes on)
            return replace(before, faults=(_unforeseen(before, err, self.issue_id),))
        if proof.edition is None:
            return replace(before, workspace=workspace, faults=tuple(proof.faults))
        self._keep_images(proof.edition, before.edition)
        unchanged = before.edition is not None and before.edition.digest == proof.edition.digest
        return replace(
            before,
            revision=before.revision if unchanged else before.revision + 1,
            workspace=workspace,
            proof=proof,
            faults=(),
            at=datetime.now().astimezone(),
        )

    def _workspace(self) -> Workspace:
        """Read the settings again if they were changed."""
        root = self.glance.workspace.root
        written = (root / config.FILENAME).read_bytes()
        if written != self._written:
            workspace, self._written = Workspace.find(root, self._environ), written
            return workspace
        return self.glance.workspace

    def _keep_images(self, edition: Edition, before: Edition | None) -> None:
        kept = (*(before.assets if before else ()), *edition.assets)
        self._images = {asset.name: asset for asset in kept}


def _unforeseen(glance: Glance, err: Exception, issue_id: IssueId) -> Fault:
    file = glance.workspace.issue_file(issue_id)
    if isinstance(err, NewsletterError):
        return Fault(Where(file), err.message, err.cure)
    return Fault(Where(file), _("This cannot be composed: {reason}.").format(reason=_named(err)))


def _named(err: Exception) -> str:
    return f"{type(err).__name__}: {err}"
