"""The sendmail program: real ones, which end as the test says."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import uvloop

from newsletter.dispatch.model import Blame, Job, Stage, State
from newsletter.dispatch.pace import Pace
from newsletter.dispatch.sendmail import HyphenError, Sendmail, filled_in
from newsletter.mail.letter import Letter
from newsletter.settings_sending import Sending, Smtp
from tests.dispatch.tray import BODY, Tray, job
from tests.postfix import needs_postfix, postfix

USUAL = Sending().sendmail


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """Make a shell script; it is started in the folder `$OUT` names."""

    def make(script: str) -> tuple[str, ...]:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\nOUT={tmp_path}\n{script}\n")
        path.chmod(0o755)
        return (str(path), *USUAL[1:])

    return make


def send(
    command: Sequence[str],
    *jobs: Job,
    seconds: float = 30,
    may_start: Callable[[Job], bool] = lambda _job: True,
) -> Tray:
    """Send jobs by a program."""
    tray = Tray(jobs or [job(1)], may_start=may_start)
    return tray.run(Sendmail(command, tray, Pace(Smtp()), seconds=seconds))


def test_the_program_gets_envelope_and_message(
    tmp_path: Path, program: Callable[[str], tuple[str, ...]]
) -> None:
    """Arguments as they are, without a shell; the message with line feeds; the end of input."""
    command = program('printf "%s\\n" "$@" >$OUT/arguments; cat >$OUT/message; echo "queued as  1A2B"')
    tray = send(command, job(1, recipient="o'neil;$(id) x@example.org"))
    assert tray.states() == {1: State.ACCEPTED}
    assert (tray.outcomes[1].text, tray.outcomes[1].stage) == ("queued as 1A2B", Stage.DOT)
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments == ["-i", "-f", "bounces@example.org", "--", "o'neil;$(id) x@example.org"]
    assert (tmp_path / "message").read_bytes() == BODY.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("code", "state", "blame", "enhanced"),
    [
        (os.EX_TEMPFAIL, State.DEFERRED, Blame.NOBODY, ""),
        (os.EX_UNAVAILABLE, State.DEFERRED, Blame.NOBODY, ""),
        (os.EX_IOERR, State.DEFERRED, Blame.NOBODY, ""),
        (os.EX_NOUSER, State.REFUSED, Blame.RECIPIENT, "5.1.1"),
        (os.EX_NOHOST, State.REFUSED, Blame.RECIPIENT, "5.1.2"),
        (os.EX_DATAERR, State.REFUSED, Blame.SENDER, ""),
        (1, State.DEFERRED, Blame.NOBODY, ""),
        (255, State.DEFERRED, Blame.NOBODY, ""),
    ],
)  # fmt: skip
def test_an_exit_code_says_what_became_of_it(
    program: Callable[[str], tuple[str, ...]], code: int, state: State, blame: Blame, enhanced: str
) -> None:
    """Codes of <sysexits.h> are told apart, with the program's words."""
    outcome = send(program(f"echo 'no such user' >&2; exit {code}")).outcomes[1]
    assert (outcome.state, outcome.blame, outcome.enhanced) == (state, blame, enhanced)
    assert outcome.text.startswith(f"exit code {code}")
    assert outcome.text.endswith(": no such user")
    assert outcome.relay == "sendmail"


@pytest.mark.parametrize("code", [os.EX_USAGE, os.EX_SOFTWARE, os.EX_NOPERM, os.EX_CONFIG, 126, 127])
def test_a_program_that_does_not_work_stops_the_mailing(
    program: Callable[[str], tuple[str, ...]], code: int
) -> None:
    """A wrong configuration blames nobody, and is told once."""
    tray = send(program(f"echo 'bad main.cf'; exit {code}"), *(job(seq) for seq in range(20)))
    assert set(tray.states().values()) == {State.PENDING}
    assert len(tray.outcomes) <= 4
    (trouble,) = tray.troubles
    assert trouble.blame is Blame.SENDER
    assert "bad main.cf" in trouble.text
    assert f"exit code {code}" in trouble.text


@pytest.mark.parametrize(
    ("path", "reason"), [("/no/such/sendmail", "No such file"), ("/etc/passwd", "Permission denied")]
)
def test_a_program_that_cannot_be_started_is_told(path: str, reason: str) -> None:
    """Nothing went out, so nothing is in doubt."""
    tray = send((path, *USUAL[1:]))
    assert tray.states() == {1: State.PENDING}
    assert tray.troubles[0].text.startswith(f"{path} cannot be started: {reason}")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("kill -9 $$", "ended by signal 9"),
        ("sh -c 'kill -15 $$'; exit $?", "ended by signal 15"),
        ("echo working; sleep 600", "no end after 2 seconds: working"),
    ],
    ids=["killed", "what it started was killed", "hangs"],
)
def test_an_end_that_says_nothing_is_in_doubt(
    program: Callable[[str], tuple[str, ...]], script: str, says: str
) -> None:
    """A program that was killed, or had to be, may have sent the message."""
    outcome = send(program(script), seconds=2).outcomes[1]
    assert (outcome.state, outcome.stage) == (State.IN_DOUBT, Stage.DOT)
    assert outcome.text.startswith(says)


def test_breaking_off_ends_the_programs(program: Callable[[str], tuple[str, ...]], tmp_path: Path) -> None:
    """`abort` kills them with all they have started; their messages are in doubt, the rest stays."""
    command = program("touch $OUT/$5.here; sleep 600 & wait")

    async def office() -> Tray:
        tray = Tray(job(seq, recipient=str(seq)) for seq in range(10))
        tray.transport = sendmail = Sendmail(command, tray, Pace(Smtp()), parallel=3)
        running = asyncio.create_task(sendmail.run())
        await asyncio.to_thread(wait_for, *(tmp_path / f"{number}.here" for number in range(3)))
        sendmail.abort()
        await running
        return tray

    tray = asyncio.run(asyncio.wait_for(office(), 30))
    assert list(tray.states().values()) == [State.IN_DOUBT] * 3
    assert len(tray.waiting) == 7


def test_finishing_lets_programs_end(program: Callable[[str], tuple[str, ...]], tmp_path: Path) -> None:
    """`finish` takes no more, and waits for those that are at it."""
    command = program("touch $OUT/began; while [ ! -e $OUT/end ]; do sleep 0.01; done")

    async def office() -> Tray:
        tray = Tray(job(seq) for seq in range(10))
        tray.transport = sendmail = Sendmail(command, tray, Pace(Smtp()), parallel=1)
        running = asyncio.create_task(sendmail.run())
        await asyncio.to_thread(wait_for, tmp_path / "began")
        sendmail.finish()
        (tmp_path / "end").touch()
        await running
        return tray

    tray = asyncio.run(asyncio.wait_for(office(), 30))
    assert tray.states() == {0: State.ACCEPTED}


def test_what_may_not_start_does_not(program: Callable[[str], tuple[str, ...]], tmp_path: Path) -> None:
    """With the lease lost no program is started."""
    tray = send(program("touch $OUT/began"), job(1), may_start=lambda _job: False)
    assert tray.states() == {1: State.PENDING}
    assert not (tmp_path / "began").exists()


def test_several_run_at_a_time(program: Callable[[str], tuple[str, ...]]) -> None:
    """Programs that wait for each other all end."""
    command = program("touch $OUT/$$.here; while [ $(ls $OUT/*.here | wc -l) -lt 4 ]; do sleep 0.01; done")
    tray = send(command, *(job(seq) for seq in range(4)))
    assert set(tray.states().values()) == {State.ACCEPTED}


@pytest.mark.parametrize(
    "noise", ["head -c 3000000 /dev/zero", "printf '\\033[2J\\200\\nb'"], ids=["much", "steering"]
)
def test_noise_is_harmless(program: Callable[[str], tuple[str, ...]], noise: str) -> None:
    """However much a program says, a little is kept, printable and on one line."""
    text = send(program(f"{noise}; exit 75")).outcomes[1].text
    assert len(text) < 600
    assert text.isprintable()


def test_a_message_is_whole_although_we_die(
    program: Callable[[str], tuple[str, ...]], tmp_path: Path
) -> None:
    """The program reads the message to its end even when this process is killed meanwhile."""
    body = BODY + b"x" * 3_000_000
    command = program(
        "touch $OUT/began; while [ ! -e $OUT/go ]; do sleep 0.01; done; cat >$OUT/m; mv $OUT/m $OUT/got"
    )
    child = os.fork()
    if child == 0:
        try:
            send(command, job(1, data=body))
        finally:
            os._exit(1)
    wait_for(tmp_path / "began")
    os.kill(child, 9)
    os.waitpid(child, 0)
    (tmp_path / "go").touch()
    wait_for(tmp_path / "got")
    assert (tmp_path / "got").stat().st_size == len(body.replace(b"\r\n", b"\n"))


def test_uvloop_will_do() -> None:
    """The loop that sends starts programs as well."""
    tray = Tray([job(1)])
    tray.transport = sendmail = Sendmail(
        (sys.executable, "-c", "import sys; sys.exit(len(sys.stdin.read()) and 75)"), tray, Pace(Smtp())
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(sendmail.run(), 30))
    assert tray.states() == {1: State.DEFERRED}


@needs_postfix
def test_the_program_of_a_real_postfix() -> None:
    """Postfix's sendmail takes envelope and message as they are, dots and long lines included."""
    body = BODY + b".\r\n..x\r\nFrom x\r\n" + b"=C3=BC" * 12 + b"=\r\n"
    with postfix() as server:
        command = ("/usr/sbin/sendmail", "-C", str(server.root / "config"), *USUAL[1:])
        tray = send(command, job(1, data=body, recipient="o'neil+x@example.org"))
        [mail] = server.mails(1)
    assert tray.states() == {1: State.ACCEPTED}
    head, _, rest = mail.partition(b"\n\n")
    assert body.replace(b"\r\n", b"\n").endswith(b"\n\n" + rest)
    assert b"Return-Path: <bounces@example.org>\n" in head
    assert b"o'neil+x@example.org" in head


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (USUAL, ["/usr/sbin/sendmail", "-i", "-f", "<>", "--", "-oQ@example.org"]),
        (("msmtp", "--to={recipient}"), ["msmtp", "--to=-oQ@example.org"]),
        (("x", "--", "{sender}{recipient}", "{other}"), ["x", "--", "<>-oQ@example.org", "{other}"]),
    ],
)  # fmt: skip
def test_arguments_are_filled_in(command: tuple[str, ...], arguments: list[str]) -> None:
    """Places get the envelope, an empty sender as `<>`; everything else stays."""
    assert filled_in(command, Letter(b"", b"-oQ@example.org", b"", utf8=False)) == arguments


@pytest.mark.parametrize("command", [("x", "{recipient}"), ("x", "{recipient}", "--")])
def test_an_address_is_never_an_option(command: tuple[str, ...]) -> None:
    """Without `--` before it an address that begins with a hyphen is refused."""
    with pytest.raises(HyphenError):
        filled_in(command, Letter(b"", b"-oQ@example.org", b"", utf8=False))
    assert send(("/bin/true", *command[1:]), job(1, recipient="-oQ@example.org")).states() == {
        1: State.REFUSED
    }


def test_values_are_not_filled_in_again() -> None:
    """An address that looks like a place stays an address."""
    letter = Letter(b"{recipient}@example.org", b"{sender}@example.org", b"", utf8=False)
    assert filled_in(USUAL, letter)[3:] == ["{recipient}@example.org", "--", "{sender}@example.org"]


def wait_for(*paths: Path) -> None:
    """Wait until files are there."""
    deadline = time.monotonic() + 30
    while not all(path.exists() for path in paths):
        assert time.monotonic() < deadline
        time.sleep(0.01)
