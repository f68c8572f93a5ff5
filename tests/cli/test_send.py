"""`newsletter send` as an editor gives it: what it shows, asks, refuses and remembers."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.cli.sending import moment
from newsletter.dispatch.model import State
from newsletter.errors import UsageError
from tests.cli.office import HEAD, Office, clean_environ
from tests.dispatch.mailer import ISSUE, Mailer
from tests.dispatch.sink_process import SinkProcess, sink
from tests.mail import verifiers

CHANGED = f"{HEAD}  - type: letter\n    text: |\n      Es gibt einen Nachtrag.\n"
FOR_SEGMENTS = f"""\
{HEAD}\
  - type: letter
    text: |
      Guten Tag.
  - type: letter
    only: cities
    text: |
      Nur für Städte.
"""


@pytest.fixture
def mailer(once_built: Office, tmp_path: Path) -> Mailer:
    """An office with three subscribers and the outbox folder."""
    made = Mailer.copied(once_built, tmp_path / "office")
    made.subscribe(3)
    return made


def _outbox(mailer: Mailer) -> list[EmailMessage]:
    """Return what lies in the outbox, in the order of the recipients."""
    folder = mailer.office.root / "outbox" / "new"
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.iterdir())
    ]
    return sorted(mails, key=lambda mail: str(mail["To"]))


def _text(mail: EmailMessage) -> str:
    """Return a mail's plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _answered(mailer: Mailer, answer: str, *arguments: str) -> tuple[int, str]:
    """Give a command and an answer to its question."""
    done = subprocess.run(
        mailer.office.command(*arguments), cwd=mailer.office.root, env=clean_environ(), input=answer,
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_it_shows_what_will_happen_and_asks(mailer: Mailer) -> None:
    """Edition, subject, sender, recipients, way; without a yes nothing is planned."""
    code, told = _answered(mailer, "n\n", "send", "--no-test")
    assert code == 1
    for expected in ("Neues aus dem Kreis", "Redaktion <redaktion@kreis.example>", "Recipients", "outbox"):
        assert expected in told
    assert mailer.counts().audience == 0
    code, _told = _answered(mailer, "y\n", "send", "--no-test")
    assert code == 0
    assert mailer.counts()[State.ACCEPTED] == 3


def test_an_edition_nobody_has_seen_is_refused(mailer: Mailer) -> None:
    """A test of this very digest opens the way; a change closes it again."""
    refused = mailer.office.quick("send", "--yes")
    assert (refused.returncode, "--test" in refused.stderr) == (1, True)
    assert mailer.office.quick("send", "--test", "redaktion@kreis.example").returncode == 0
    mailer.office.put(f"issues/{ISSUE}/issue.yaml", CHANGED)
    assert mailer.office.quick("send", "--yes").returncode == 1
    assert mailer.office.quick("send", "--test", "redaktion@kreis.example").returncode == 0
    assert mailer.office.quick("send", "--yes").returncode == 0


def test_a_test_mail_says_so_and_is_in_no_ledger(mailer: Mailer) -> None:
    """Its subject is marked; a reader on the list sees their own salutation."""
    done = mailer.office.quick("send", "--test", "leser00001@stadt1.example", "--test", "a@kreis.example")
    assert done.returncode == 0
    first, second = _outbox(mailer)
    assert first["Subject"] == second["Subject"] == "[Test] Neues aus dem Kreis"
    assert second["To"].addresses[0].display_name == "Änne 1 Müller"
    assert mailer.counts().audience == 0


def test_a_dry_run_writes_every_mail_and_sends_none(mailer: Mailer) -> None:
    """It says so, and leaves neither mails nor a mailing."""
    done = mailer.office.quick("send", "--dry-run", "--json")
    facts = json.loads(done.stdout)
    assert (facts["mails"], facts["dry_run"], done.returncode) == (3, True, 0)
    assert facts["bytes"] > 3 * facts["largest"] * 0.9
    assert not (mailer.office.root / "outbox").exists()
    assert mailer.counts().audience == 0


def test_json_has_the_keys_that_were_promised(mailer: Mailer) -> None:
    """Id, digest, state, audience, and a count for each state that adds up."""
    facts = json.loads(mailer.office.quick("send", "--yes", "--no-test", "--json").stdout)
    assert (facts["id"], facts["state"], facts["audience"]) == (ISSUE, "finished", 3)
    assert re.fullmatch(r"[0-9a-f]{64}", facts["digest"])
    assert set(facts["counts"]) == {str(state) for state in State}
    assert sum(facts["counts"].values()) == 3


def test_a_limit_leaves_the_rest_for_later(mailer: Mailer) -> None:
    """Two now, one with the next command; then it has been sent."""
    send = ("send", "--yes", "--no-test")
    assert mailer.office.quick(*send, "--limit", "2").returncode == 1
    assert mailer.counts()[State.PENDING] == 1
    assert mailer.office.quick(*send).returncode == 0
    again = mailer.office.quick(*send)
    assert (again.returncode, "has been sent" in again.stderr) == (0, True)
    assert len(_outbox(mailer)) == 3


def test_newcomers_get_what_the_others_have(mailer: Mailer) -> None:
    """Who joined after the mailing gets it by another one; nobody gets it twice."""
    send = ("send", "--yes", "--no-test")
    mailer.office.quick(*send)
    mailer.subscribe(5)
    assert mailer.office.quick(*send, "--newcomers").returncode == 0
    assert mailer.counts().audience == 2
    assert len(_outbox(mailer)) == 5


def test_a_segment_only_then_the_rest(mailer: Mailer) -> None:
    """A part of the list first; a mailing to all leaves out who has it."""
    mailer.office.quick("subscribers", "tag", "leser00001@stadt1.example", "--add", "cities")
    send = ("send", "--yes", "--no-test")
    assert mailer.office.quick(*send, "--segment", "cities").returncode == 0
    assert mailer.counts().audience == 1
    done = mailer.office.quick(*send)
    assert "1 in another mailing of this issue" in done.stderr
    assert mailer.counts().audience == 2


def test_after_a_cancelled_mailing_the_rest_gets_a_new_one(mailer: Mailer) -> None:
    """Who had it before the cancelling is left out."""
    send = ("send", "--yes", "--no-test")
    mailer.office.quick(*send, "--limit", "1")
    assert mailer.office.quick("cancel", ISSUE, "--yes").returncode == 0
    assert mailer.office.quick(*send).returncode == 0
    assert mailer.counts().audience == 2
    assert len(_outbox(mailer)) == 3


def test_each_gets_the_variant_of_their_segments(mailer: Mailer) -> None:
    """A section that only cities are to read stands in their mails only."""
    mailer.office.put(f"issues/{ISSUE}/issue.yaml", FOR_SEGMENTS)
    mailer.office.quick("subscribers", "tag", "leser00001@stadt1.example", "--add", "cities")
    assert mailer.office.quick("send", "--yes", "--no-test").returncode == 0
    texts = [_text(mail) for mail in _outbox(mailer)]
    assert ["Nur für Städte." in text for text in texts] == [False, True, False]


def test_a_changed_issue_goes_on_as_it_began(mailer: Mailer) -> None:
    """The frozen edition is sent to the end; the change needs a decision, which is kept with its reason."""
    send = ("send", "--yes", "--no-test")
    mailer.office.quick(*send, "--limit", "1")
    mailer.office.put(f"issues/{ISSUE}/issue.yaml", CHANGED)
    told = mailer.office.quick(*send, "--limit", "1").stderr
    assert "has changed since this mailing began" in told
    mailer.office.quick(*send, "--new-edition", "nur zur Probe", "--dry-run")
    mailer.office.quick(*send, "--new-edition", "Nachtrag zum Termin")
    texts = [_text(mail) for mail in _outbox(mailer)]
    assert ["Nachtrag" in text for text in texts] == [False, False, True]
    with mailer.ledger() as ledger:
        reasons = ledger.connection.execute("SELECT reason FROM mailing_edition ORDER BY number").fetchall()
    assert [row[0] for row in reasons] == ["", "Nachtrag zum Termin"]


def test_a_second_person_must_approve(mailer: Mailer) -> None:
    """With approval switched on, one's own word does not count."""
    path = mailer.office.root / "newsletter.toml"
    mailer.office.put("newsletter.toml", path.read_text(encoding="utf-8") + "\n[sending]\napproval = true\n")
    send = ("send", "--yes", "--no-test")
    refused = mailer.office.quick(*send, environ={"LOGNAME": "erika"})
    assert (refused.returncode, "approve" in refused.stderr) == (1, True)
    assert mailer.office.quick("approve", ISSUE, "--yes", environ={"LOGNAME": "erika"}).returncode == 0
    assert mailer.office.quick(*send, environ={"LOGNAME": "erika"}).returncode == 1
    assert mailer.office.quick("approve", ISSUE, "--yes", environ={"LOGNAME": "max"}).returncode == 0
    assert mailer.office.quick(*send, environ={"LOGNAME": "erika"}).returncode == 0


def test_a_mailing_has_its_time(mailer: Mailer) -> None:
    """Planned for later it does not begin; its recipients are fixed."""
    later = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    send = ("send", "--yes", "--no-test")
    planned = mailer.office.quick(*send, "--at", later)
    assert (planned.returncode, "Planned for" in planned.stdout) == (0, True)
    early = mailer.office.quick(*send)
    assert (early.returncode, "begins at" in early.stderr) == (1, True)
    assert mailer.office.quick(*send, "--at", "now").returncode == 0
    assert mailer.counts()[State.ACCEPTED] == 3


def test_a_time_long_gone_is_not_caught_up_with_unasked(mailer: Mailer) -> None:
    """Cron on a machine that was off for a week must not send last week's issue."""
    send = ("send", "--yes", "--no-test")
    mailer.office.quick(*send, "--at", (datetime.now(UTC) + timedelta(hours=1)).isoformat())
    with mailer.ledger() as ledger, ledger.writing():
        ledger.connection.execute("UPDATE mailing SET not_before = '2024-01-31T09:00:00+00:00'")
    stale = mailer.office.quick(*send)
    assert (stale.returncode, "too long ago" in stale.stderr) == (1, True)
    assert mailer.counts()[State.PENDING] == 3
    assert mailer.office.quick(*send, "--at", "now").returncode == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-03-28T12:00:00+01:00"),
        ("13:30", "2026-03-28T13:30:00+01:00"),
        ("09:00", "2026-03-29T09:00:00+02:00"),
        ("2026-07-01T09:00", "2026-07-01T09:00:00+02:00"),
        ("2026-07-01 09:00", "2026-07-01T09:00:00+02:00"),
        ("2026-07-01T09:00+00:00", "2026-07-01T09:00:00+00:00"),
    ],
)
def test_times_are_those_of_the_office(text: str, expected: str) -> None:
    """In the newsletter's zone, over the change to summer time as well; an hour alone is the next one."""
    now = datetime(2026, 3, 28, 11, tzinfo=UTC)
    assert moment(text, now, "Europe/Berlin").isoformat() == expected


@pytest.mark.parametrize("text", ["tomorrow", "25:00", "2026-13-01T09:00", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    """With what could be written instead."""
    with pytest.raises(UsageError, match="no time"):
        moment(text, datetime.now(UTC), "Europe/Berlin")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains(number: signal.Signals, mailer: Mailer, tmp_path: Path) -> None:
    """What is on the wire comes to its end, nobody is in doubt, and the next command goes on."""
    with sink(tmp_path / "sink") as server:
        _slow(mailer, server)
        child = mailer.office.forked("send", "--yes", "--no-test")
        while len(server.accepted()) < 4:
            time.sleep(0.01)
        child.signal(number)
        done = child.wait()
        assert (done.returncode, "Stopped" in done.stderr) == (1, True)
        counts = mailer.counts()
        assert counts[State.PENDING] > 0
        assert counts[State.IN_DOUBT] == counts[State.SENDING] == 0
        assert counts[State.ACCEPTED] == len(server.accepted())


def _slow(mailer: Mailer, server: SinkProcess) -> None:
    mailer.subscribe(100)
    mailer.server(server.port)
    server.misbehave({"stage": "dot", "delay": 0.1})


def test_deferred_ones_are_waited_for(mailer: Mailer, tmp_path: Path) -> None:
    """With --wait the command stays until they have had their further attempts."""
    with sink(tmp_path / "sink") as server:
        mailer.server(server.port, "\n[sending]\nretry_minutes = [0.02]\n")
        server.misbehave({"stage": "rcpt", "reply": "450 4.2.0 greylisted", "times": 2})
        assert mailer.office.quick("send", "--yes", "--no-test", "--wait").returncode == 0
        assert mailer.counts()[State.ACCEPTED] == 3


def test_a_deferred_one_is_given_up_in_the_end(mailer: Mailer, tmp_path: Path) -> None:
    """After the set age it is refused, with the reason; the mailing is finished."""
    with sink(tmp_path / "sink") as server:
        mailer.server(server.port, "\n[sending]\nretry_minutes = [0.02]\ngive_up_hours = 0.0005\n")
        server.misbehave({"stage": "rcpt", "match": "leser00001@", "reply": "450 4.2.0 full"})
        assert mailer.office.quick("send", "--yes", "--no-test", "--wait").returncode == 0
        refused = [record for record in mailer.records() if record.state is State.REFUSED]
        assert [(one.address, one.reason) for one in refused] == [("leser00001@stadt1.example", "gave_up")]


def test_a_rate_is_kept(mailer: Mailer, tmp_path: Path) -> None:
    """Twenty a second: forty mails need two seconds, or longer, never less."""
    with sink(tmp_path / "sink") as server:
        mailer.subscribe(40)
        mailer.server(server.port)
        child = mailer.office.forked("send", "--yes", "--no-test", "--rate", "20")
        while not server.accepted():
            time.sleep(0.01)
        began = time.monotonic()
        assert child.wait().returncode == 0
        assert time.monotonic() - began > 1.5
        assert len(server.accepted()) == 40


def test_a_new_server_is_warmed_up(mailer: Mailer, tmp_path: Path) -> None:
    """On the first day as many as the plan says, whoever gives the command again; the rest comes later."""
    with sink(tmp_path / "sink") as server:
        mailer.server(server.port, "warmup = [2]\n")
        for _attempt in range(2):
            done = mailer.office.quick("send", "--yes", "--no-test")
            assert (done.returncode, "warm-up" in done.stderr) == (1, True)
            assert mailer.counts()[State.ACCEPTED] == len(server.accepted()) == 2


def test_no_more_at_once_to_a_domain_than_it_wants(mailer: Mailer, tmp_path: Path) -> None:
    """A limit of connections for a domain holds whatever the relay could take."""
    with sink(tmp_path / "sink") as server:
        mailer.subscribe(30, "stadt.example")
        mailer.server(server.port, '\n[smtp.domains."stadt.example"]\nconnections = 1\n')
        server.misbehave({"stage": "dot", "delay": 0.02})
        began = time.monotonic()
        assert mailer.office.quick("send", "--yes", "--no-test").returncode == 0
        assert time.monotonic() - began > 30 * 0.02
        assert mailer.counts()[State.ACCEPTED] == len(server.accepted())


def test_several_servers_share_the_work_and_stand_in_for_each_other(mailer: Mailer, tmp_path: Path) -> None:
    """Two take it together; when one is away the other takes it all."""
    mailer.subscribe(40)
    with sink(tmp_path / "one") as one, sink(tmp_path / "two") as two:
        relay = f'\n[smtp.relays.second]\nhost = "127.0.0.1"\nport = {two.port}\nsecurity = "none"\n'
        mailer.server(one.port, relay)
        one.misbehave({"stage": "dot", "delay": 0.02})
        two.misbehave({"stage": "dot", "delay": 0.02})
        assert mailer.office.quick("send", "--yes", "--no-test", "--limit", "20").returncode == 1
        assert min(len(one.accepted()), len(two.accepted())) > 0
        two.stop()
        assert mailer.office.quick("send", "--yes", "--no-test").returncode == 0
        assert len(one.accepted()) + len(two.accepted()) == 40
        two.start()


def test_signed_letters_are_made_ahead_and_verify(mailer: Mailer, tmp_path: Path) -> None:
    """Two keys, RSA in threads: each of many messages that arrive is signed for its own bytes."""
    folder = mailer.office.root
    for name, kind in (("office1", ("RSA", "-pkeyopt", "rsa_keygen_bits:2048")), ("office2", ("ed25519",))):
        command = ["openssl", "genpkey", "-quiet", "-algorithm", *kind, "-out", str(folder / name)]
        subprocess.run(command, check=True)
        (folder / name).chmod(0o600)
    keys = (
        '\n[dkim]\nselector = "office1"\nkey_file = "office1"\n'
        '[dkim.also.second]\nselector = "office2"\nkey_file = "office2"\n'
    )
    mailer.subscribe(60)
    with sink(tmp_path / "sink", keep=True) as server:
        mailer.server(server.port, keys)
        assert mailer.office.quick("send", "--yes", "--no-test").returncode == 0
        messages = server.messages()
    published = verifiers.record(folder / "office1", "kreis.example")
    assert len(messages) == 60
    for message in messages:
        assert message.count(b"DKIM-Signature:") == 2
        assert verifiers.by_dkimpy(_only_rsa(message), published)


def _only_rsa(message: bytes) -> bytes:
    """Leave the RSA signature only; dkimpy looks at the first one."""
    fields = re.split(rb"(?m)^(?=DKIM-Signature:)", message)
    last = re.match(rb"DKIM-Signature:.*\r\n(?:[ \t].*\r\n)*", fields[-1])
    assert last is not None
    signatures = [*fields[1:-1], last[0]]
    return b"".join([one for one in signatures if b"rsa-sha256" in one] + [fields[-1][last.end() :]])
