"""The sendmail program: one process per message, what became of it by the exit code of <sysexits.h>.

The message is the program's standard input, as a file that is whole before the program starts: at a pipe
whose feeder dies it would see the end of input in the middle of a message, and send that. So a message is
handed over from the moment the program starts; when that dies, it is in doubt.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import tempfile
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import IO, NamedTuple

from newsletter.dispatch.local import Local
from newsletter.dispatch.model import Blame, Job, Outcome, Stage, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.transport import Source
from newsletter.language import _
from newsletter.mail.letter import Letter

NAME = "sendmail"
_PARALLEL = 4
_SECONDS = 600.0
"""RFC 5321 §4.5.3.2.6: ten minutes for whoever takes a message over."""
_WORDS = 500
"""Characters kept of what a program says."""


class _Meaning(NamedTuple):
    name: str
    state: State
    blame: Blame = Blame.NOBODY
    enhanced: str = ""


_OURS = (State.PENDING, Blame.SENDER)
"""The program does not work, for anybody: the mailing stops."""
_MEANINGS = {
    os.EX_USAGE: _Meaning("EX_USAGE", *_OURS),
    os.EX_DATAERR: _Meaning("EX_DATAERR", State.REFUSED, Blame.SENDER),
    os.EX_NOINPUT: _Meaning("EX_NOINPUT", *_OURS),
    os.EX_NOUSER: _Meaning("EX_NOUSER", State.REFUSED, Blame.RECIPIENT, "5.1.1"),
    os.EX_NOHOST: _Meaning("EX_NOHOST", State.REFUSED, Blame.RECIPIENT, "5.1.2"),
    os.EX_UNAVAILABLE: _Meaning("EX_UNAVAILABLE", State.DEFERRED),
    os.EX_SOFTWARE: _Meaning("EX_SOFTWARE", *_OURS),
    os.EX_OSERR: _Meaning("EX_OSERR", State.DEFERRED),
    os.EX_OSFILE: _Meaning("EX_OSFILE", *_OURS),
    os.EX_CANTCREAT: _Meaning("EX_CANTCREAT", *_OURS),
    os.EX_IOERR: _Meaning("EX_IOERR", State.DEFERRED),
    os.EX_TEMPFAIL: _Meaning("EX_TEMPFAIL", State.DEFERRED),
    os.EX_PROTOCOL: _Meaning("EX_PROTOCOL", State.DEFERRED),
    os.EX_NOPERM: _Meaning("EX_NOPERM", *_OURS),
    os.EX_CONFIG: _Meaning("EX_CONFIG", *_OURS),
    126: _Meaning("not executable", *_OURS),  # POSIX shell §2.8.2, of a wrapper script
    127: _Meaning("not found", *_OURS),
}
_UNKNOWN = _Meaning("", State.DEFERRED)
"""Codes of their own that programs end with: not accepted, and nothing says that it was for good."""


_BY_SIGNAL = range(128 + 1, 128 + 65)
"""POSIX shell §2.8.2: what the wrapper script started was ended by a signal."""
_PLACE = re.compile(r"\{(sender|recipient)\}")


class HyphenError(ValueError):
    """The program would take an address for an option."""


class Sendmail(Local):
    """The transport that starts a program for each message."""

    def __init__(
        self,
        command: Sequence[str],
        source: Source,
        pace: Pace,
        *,
        parallel: int = _PARALLEL,
        seconds: float = _SECONDS,
    ) -> None:
        """Start a program without a shell; `{sender}` and `{recipient}` in its arguments are filled in."""
        super().__init__(NAME, source, pace)
        self._command = tuple(command)
        self._parallel = parallel
        self._seconds = seconds
        self._running: set[Process] = set()
        self._aborted = False

    async def run(self) -> None:
        """Start programs until `finish` or `abort` is called."""
        await asyncio.gather(*(self._work() for _number in range(self._parallel)))

    def abort(self) -> None:
        """End the programs; their messages are in doubt."""
        self._aborted = True
        self.finish()
        for process in self._running:
            _kill(process)

    async def _work(self) -> None:
        while not self.ending:
            job = self.take()
            if job is None:
                await self.rest()
            else:
                await self._deliver(job)

    async def _deliver(self, job: Job) -> None:
        try:
            arguments = filled_in(self._command, job.letter)
        except HyphenError:
            self.settle(job, State.REFUSED, _("the program would take this address for an option"))
            return
        with ExitStack() as files:
            started = await self._started(job, arguments, files)
            if started is None:
                self.settle(job, State.PENDING)
                return
            process, words = started
            late = await self._ended(process)
            self._judge(job, process.returncode or 0, late=late, said=_said(words))

    async def _started(
        self, job: Job, arguments: Sequence[str], files: ExitStack
    ) -> tuple[Process, IO[bytes]] | None:
        """Start the program; return it and what it will say, or nothing when it did not start."""
        try:
            message = files.enter_context(_scratch(job.letter.data.replace(b"\r\n", b"\n")))
            words = files.enter_context(_scratch())
            if not self.source.starts(job):
                return None
            process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=message,
                stdout=words,
                stderr=words,
                start_new_session=True,  # Ctrl-C is for us; the programs come to their end
            )
        except OSError as err:
            text = _("{program} cannot be started: {reason}.")
            self.fail(text.format(program=arguments[0], reason=err.strerror or err))
            return None
        return process, words

    async def _ended(self, process: Process) -> bool:
        """Wait for the end of a program; say whether it was our patience that ended."""
        self._running.add(process)
        if self._aborted:  # it was just being started when the others were ended
            _kill(process)
        try:
            await asyncio.wait_for(process.wait(), self._seconds)
        except TimeoutError:
            _kill(process)
            await process.wait()
            return True
        finally:
            self._running.discard(process)
        return False

    def _judge(self, job: Job, code: int, *, late: bool, said: str) -> None:
        if code == 0:
            self.settle(job, State.ACCEPTED, said, stage=Stage.DOT)
        elif late:
            why = _("no end after {seconds:g} seconds").format(seconds=self._seconds)
            self.settle(job, State.IN_DOUBT, _joined(why, said), stage=Stage.DOT)
        elif code < 0 or code in _BY_SIGNAL:
            why = _("ended by signal {number}").format(number=abs(code) % 128)
            self.settle(job, State.IN_DOUBT, _joined(why, said), stage=Stage.DOT)
        else:
            self._refused(job, code, said)

    def _refused(self, job: Job, code: int, said: str) -> None:
        meaning = _MEANINGS.get(code, _UNKNOWN)
        text = _joined(_("exit code {code} {name}").format(code=code, name=meaning.name).strip(), said)
        if meaning.state is State.PENDING:
            self.fail(f"{self._command[0]}: {text}")
        outcome = Outcome(
            meaning.state, Stage.LOCAL, 0, meaning.enhanced, text, relay=NAME, blame=meaning.blame
        )
        self.source.settled(job, outcome)


def filled_in(command: Sequence[str], letter: Letter) -> list[str]:
    """Return a program's arguments for a message.

    Raises:
        HyphenError: the recipient would be taken for an option, as no `--` stands before it.
    """
    values = {"sender": os.fsdecode(letter.sender or b"<>"), "recipient": os.fsdecode(letter.recipient)}
    arguments = [_PLACE.sub(lambda found: values[found[1]], template) for template in command]
    options = command[: command.index("--")] if "--" in command else command
    misread = values["recipient"].startswith("-") and any(one.startswith("{recipient}") for one in options)
    if misread:
        raise HyphenError
    return arguments


def _scratch(data: bytes = b"") -> IO[bytes]:
    """Return a file without a name, at its beginning; in memory where the system can."""
    file: IO[bytes]
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create(NAME, os.MFD_CLOEXEC), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    file.write(data)
    file.seek(0)
    return file


def _said(words: IO[bytes]) -> str:
    """Return what a program has said, on one line, as a terminal may show it."""
    words.seek(0)
    text = " ".join(words.read(4 * _WORDS).decode(errors="replace").split())
    return "".join(char if char.isprintable() else "\ufffd" for char in text)[:_WORDS]


def _joined(why: str, said: str) -> str:
    return f"{why}: {said}" if said else why


def _kill(process: Process) -> None:
    """End a program and what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
