"""Logs of mail servers: what they prove, what they don't, whatever else is in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.maillog import STDIN, Findings, MaillogError, search
from newsletter.dispatch.maillog_formats import Evidence, Finder

POSTFIX = """\
Nov 22 14:15:38 mx postfix/smtpd[3215]: connect from localhost[127.0.0.1]
Nov 22 14:15:38 mx postfix/smtpd[3215]: 4jXWLy336nzMKpv: client=localhost[127.0.0.1]
Nov 22 14:15:38 mx postfix/cleanup[3218]: 4jXWLy336nzMKpv: message-id=<sent@kreis.example>
Nov 22 14:15:38 mx postfix/qmgr[3163]: 4jXWLy336nzMKpv: from=<b@kreis.example>, size=311, nrcpt=1 (queue active)
Nov 22 14:15:38 mx postfix/smtpd[3215]: 4jXWLy35H7zMKpw: client=localhost[127.0.0.1]
Nov 22 14:15:38 mx postfix/cleanup[3218]: 4jXWLy35H7zMKpw: message-id=<bounced@kreis.example>
Nov 22 14:15:38 mx postfix/qmgr[3163]: 4jXWLy35H7zMKpw: from=<b@kreis.example>, size=315, nrcpt=1 (queue active)
Nov 22 14:15:38 mx postfix/smtpd[3215]: 4jXWLy39klzMKpx: client=localhost[127.0.0.1]
Nov 22 14:15:38 mx postfix/cleanup[3218]: 4jXWLy39klzMKpx: message-id=<deferred@kreis.example>
Nov 22 14:15:38 mx postfix/qmgr[3163]: 4jXWLy39klzMKpx: from=<b@kreis.example>, size=314, nrcpt=1 (queue active)
Nov 22 14:15:38 mx postfix/smtp[3219]: 4jXWLy336nzMKpv: to=<a@ok.example>, relay=127.0.0.1[127.0.0.1]:2599, delay=0.05, delays=0.01/0.04/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
Nov 22 14:15:38 mx postfix/qmgr[3163]: 4jXWLy336nzMKpv: removed
Nov 22 14:15:38 mx postfix/smtpd[3215]: 4jXWLy3Rd2zMKpv: client=localhost[127.0.0.1]
Nov 22 14:15:38 mx postfix/smtpd[3215]: lost connection after DATA (54 bytes) from localhost[127.0.0.1]
Nov 22 14:15:38 mx postfix/cleanup[3220]: 4jXWLy3Rd2zMKpv: message-id=<lost@kreis.example>
Nov 22 14:15:38 mx postfix/smtpd[3215]: 4jXWLy3SgPzMKpv: client=localhost[127.0.0.1]
Nov 22 14:15:38 mx postfix/cleanup[3220]: 4jXWLy3SgPzMKpv: message-id=<rejected@kreis.example>
Nov 22 14:15:38 mx postfix/cleanup[3220]: 4jXWLy3SgPzMKpv: reject: header Subject: Neues from localhost[127.0.0.1]; from=<b@kreis.example> to=<f@ok.example> proto=ESMTP helo=<office.kreis.example>: 5.7.1 no
Nov 22 14:15:38 mx postfix/smtp[3219]: 4jXWLy35H7zMKpw: to=<b@bounce.example>, relay=127.0.0.1[127.0.0.1]:2598, delay=0.09, delays=0.01/0.03/0/0.05, dsn=5.3.0, status=bounced (host 127.0.0.1[127.0.0.1] said: 500 5.3.0 Error: command failed (in reply to RCPT TO command))
Nov 22 14:15:38 mx postfix/cleanup[3220]: 4jXWLy3qv3zMKq3: message-id=<4jXWLy3qv3zMKq3@mx.kreis.example>
Nov 22 14:15:38 mx postfix/bounce[3223]: 4jXWLy35H7zMKpw: sender non-delivery notification: 4jXWLy3qv3zMKq3
Nov 22 14:15:38 mx postfix/qmgr[3163]: 4jXWLy35H7zMKpw: removed
Nov 22 14:15:38 mx postfix/smtp[3221]: 4jXWLy39klzMKpx: to=<c@defer.example>, relay=127.0.0.1[127.0.0.1]:2597, delay=0.12, delays=0.01/0.07/0.01/0.03, dsn=4.3.0, status=deferred (host 127.0.0.1[127.0.0.1] said: 450 4.3.0 Error: command failed (in reply to RCPT TO command))
"""  # noqa: E501 (as Postfix 3.7.11 wrote them)
"""What Postfix wrote of messages to servers that took them, refused them, and were away."""
EXIM = """\
2023-11-22 14:15:38 1r5abc-0001Ab-2C <= b@kreis.example H=(office.kreis.example) [127.0.0.1] P=esmtps X=TLS1.3:ECDHE_X25519:256 S=59311 id=sent@kreis.example T="Neues id=x@y" for a@ok.example
2023-11-22 14:15:38 1r5abd-00000001Ab3-3C2d <= b@kreis.example H=(office) [127.0.0.1] P=esmtp S=59311 id=bounced@kreis.example
2023-11-22 14:15:38 1r5abe-0001Ab-4C <= b@kreis.example U=www P=local S=59311 id=deferred@kreis.example
2023-11-22 14:15:39 1r5abc-0001Ab-2C => a@ok.example R=dnslookup T=remote_smtp H=mx.ok.example [192.0.2.1] X=TLS1.3:ECDHE_X25519:256 CV=yes C="250 2.0.0 Ok: queued as 1A2B"
2023-11-22 14:15:39 1r5abc-0001Ab-2C Completed
2023-11-22 14:15:39 1r5abd-00000001Ab3-3C2d ** b@bounce.example R=dnslookup T=remote_smtp H=mx.bounce.example [192.0.2.2]: SMTP error from remote mail server after RCPT TO:<b@bounce.example>: 550 5.3.0 no
2023-11-22 14:15:39 1r5abd-00000001Ab3-3C2d Completed
2023-11-22 14:15:39 1r5abe-0001Ab-4C == c@defer.example R=dnslookup T=remote_smtp defer (-44) H=mx.defer.example [192.0.2.3]: SMTP error from remote mail server after RCPT TO:<c@defer.example>: 450 4.3.0 later
2023-11-22 14:16:00 H=(office) [127.0.0.1] F=<b@kreis.example> rejected after DATA: no
2023-11-22 14:17:00 1r5abe-0001Ab-4C Message is frozen
"""  # noqa: E501 (as Exim's specification describes them, chapter 53)
IDS = [f"<{name}@kreis.example>" for name in ("sent", "bounced", "deferred", "lost", "rejected", "never")]


def look(path: Path, *texts: str | bytes) -> dict[str, Evidence]:
    """Write logs, the newest last, and return what they tell of the messages, by the name of each."""
    paths = []
    for number, text in enumerate(texts):
        log = path / f"mail.log.{len(texts) - number}"
        log.write_bytes(text.encode() if isinstance(text, str) else text)
        os.utime(log, (1_700_700_000 + number, 1_700_700_000 + number))
        paths.append(log)
    return named(search(paths, IDS))


def named(findings: Findings) -> dict[str, Evidence]:
    """Return evidence by the local part of the Message-ID."""
    return {name[1:].partition("@")[0]: evidence for name, evidence in findings.evidence.items()}


@pytest.mark.parametrize(
    ("log", "queue"), [(POSTFIX, "4jXWLy336nzMKpv"), (EXIM, "1r5abc-0001Ab-2C")], ids=["postfix", "exim"]
)
def test_what_the_server_took_over(tmp_path: Path, log: str, queue: str) -> None:
    """Messages that it sent, bounced or deferred were accepted, with the last word about each."""
    found = look(tmp_path, log)
    known = [
        (found[name].accepted, found[name].status, found[name].dsn)
        for name in ("sent", "bounced", "deferred")
    ]
    assert known == [(True, "sent", "2.0.0"), (True, "bounced", "5.3.0"), (True, "deferred", "4.3.0")]
    assert found["sent"].queue_id == queue
    assert found["sent"].text.startswith("250 2.0.0 Ok")
    assert "RCPT TO" in found["bounced"].text
    assert "never" not in found


def test_a_line_says_where_it_stands(tmp_path: Path) -> None:
    """File and line of the last word are told."""
    where = look(tmp_path, POSTFIX)["sent"].where
    assert (where.path, where.line) == (tmp_path / "mail.log.1", 11)


def test_a_message_id_alone_proves_nothing(tmp_path: Path) -> None:
    """Postfix notes the Message-ID before the message is whole; its queue shows that it was taken over."""
    lost = look(tmp_path, POSTFIX)["lost"]
    assert (lost.accepted, lost.status) == (False, "")


def test_a_rejected_message_was_not_accepted(tmp_path: Path) -> None:
    """A filter that refuses the message at its end is quoted."""
    rejected = look(tmp_path, POSTFIX)["rejected"]
    assert (rejected.accepted, rejected.status, rejected.dsn) == (False, "rejected", "5.7.1")
    assert "5.7.1 no" in rejected.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Nov 22 14:15:38 mx ", "2023-11-22T14:15:38.123456+01:00 mx "),
        ("Nov 22 14:15:38 mx ", "2023-11-22T14:15:38+0100 mx "),
        ("Nov 22 14:15:38 mx ", "<22>Nov  2 14:15:38 mx "),
        ("postfix/", "postfix-out/"),
        ("postfix/", "postfix/submission/"),
        ("4jXWLy336nzMKpv", "9C4D526AC0F"),
        ("\n", "\r\n"),
    ],
    ids=["ISO time", "journalctl", "priority", "instance", "service", "short queue ID", "CRLF"],
)
def test_dialects_of_postfix(tmp_path: Path, old: str, new: str) -> None:
    """Times, names of instances and queue IDs may be of either kind."""
    found = look(tmp_path, POSTFIX.replace(old, new))
    assert found["sent"].status == "sent"
    assert found["bounced"].text.endswith("(in reply to RCPT TO command)")


@pytest.mark.parametrize(
    "line",
    [
        "2023-11-22 14:15:38.123 +0100 [771] 1r5abc-0001Ab-2C {}",
        "Nov 22 14:15:38 mx exim[771]: 2023-11-22 14:15:38 1r5abc-0001Ab-2C {}",
        "2023-11-22T14:15:38.1+01:00 mx exim4[771]: 1r5abc-0001Ab-2C {}",
    ],
    ids=["milliseconds", "syslog", "syslog alone"],
)
def test_dialects_of_exim(tmp_path: Path, line: str) -> None:
    """Exim's own time, syslog's, or both may begin the line."""
    rest = ["<= b@kreis.example P=esmtp S=1 id=sent@kreis.example", '=> a@ok.example C="250 Ok"', "Completed"]
    found = look(tmp_path, "\n".join(line.format(one) for one in rest))
    assert (found["sent"].status, found["sent"].text) == ("sent", "250 Ok")


def test_the_last_word_counts(tmp_path: Path) -> None:
    """Deferred first and sent later is sent, also in the next file."""
    first, *_rest, queue = (line for line in POSTFIX.splitlines() if "4jXWLy39klzMKpx" in line)
    later = queue.replace("14:15", "15:15").replace("4.3.0, status=deferred", "2.0.0, status=sent")
    again = (
        "Nov 22 15:15:38 mx postfix/qmgr[1]: 4jXWLy39klzMKpx: from=<b@kreis.example>, nrcpt=1 (queue active)"
    )
    assert look(tmp_path, POSTFIX, again)["deferred"].status == "deferred"
    assert look(tmp_path, POSTFIX, f"{again}\n{later}")["deferred"].status == "sent"
    assert "client=" in first


@pytest.mark.parametrize("kind", ["status=expired", "status=force-expired"])
def test_mail_that_the_server_gave_up(tmp_path: Path, kind: str) -> None:
    """After days in its queue a message goes back: accepted, and expired."""
    line = (
        f"Nov 23 01:15:38 mx postfix/qmgr[1]: 4jXWLy39klzMKpx: from=<b@x.example>, {kind}, returned to sender"
    )
    expired = look(tmp_path, POSTFIX, line)["deferred"]
    assert (expired.accepted, expired.status) == (True, "expired")


def test_a_content_filter_gives_a_second_queue_id(tmp_path: Path) -> None:
    """What counts is what became of the message after the filter, though the first way ends last."""
    log = """\
Nov 22 14:15:38 mx postfix/cleanup[1]: AAAAAAA1: message-id=<sent@kreis.example>
Nov 22 14:15:38 mx postfix/qmgr[1]: AAAAAAA1: from=<b@kreis.example>, size=311, nrcpt=1 (queue active)
Nov 22 14:15:38 mx postfix/cleanup[1]: BBBBBBB2: message-id=<sent@kreis.example>
Nov 22 14:15:38 mx postfix/qmgr[1]: BBBBBBB2: from=<b@kreis.example>, size=311, nrcpt=1 (queue active)
Nov 22 14:15:39 mx postfix/smtp[1]: BBBBBBB2: to=<a@x.example>, relay=none, delay=1, delays=0, dsn=5.1.1, status=bounced (no)
Nov 22 14:15:39 mx postfix/smtp[1]: AAAAAAA1: to=<a@x.example>, relay=f, delay=1, delays=0, dsn=2.0.0, status=sent (filtered)
"""  # noqa: E501
    assert look(tmp_path, log)["sent"].status == "bounced"


def test_a_second_try_that_failed_takes_nothing_back(tmp_path: Path) -> None:
    """Once accepted stays accepted, whatever became of another attempt."""
    log = POSTFIX.replace("<lost@", "<sent@").replace("<rejected@", "<sent@")
    assert look(tmp_path, log)["sent"].status == "sent"


def test_a_first_try_that_failed_is_forgotten(tmp_path: Path) -> None:
    """An attempt that was lost, then one that was accepted: accepted."""
    log = POSTFIX.replace("4jXWLy3Rd2zMKpv", "AAAAAAA1")
    lines = [line for line in log.splitlines() if "AAAAAAA1" in line]
    lines += [line for line in log.replace("<sent@", "<lost@").splitlines() if "4jXWLy336nzMKpv" in line]
    assert look(tmp_path, "\n".join(lines))["lost"].status == "sent"


@pytest.mark.parametrize(
    "between",
    [
        "Nov 22 14:15:40 mx postfix/qmgr[1]: {}: removed",
        "Nov 22 14:15:40 mx postfix/smtpd[1]: {}: client=other.example[192.0.2.9]",
        "Nov 22 14:15:40 mx postfix/cleanup[1]: {}: message-id=<other@other.example>",
    ],
    ids=["removed", "client", "another message"],
)
def test_a_queue_id_is_used_again(tmp_path: Path, between: str) -> None:
    """Short queue IDs come again; what is said of the next message is not said of ours."""
    queue = "4jXWLy39klzMKpx"
    status = f"Nov 22 14:15:41 mx postfix/smtp[1]: {queue}: to=<x@other.example>, relay=none, delay=1, dsn=5.1.1, status=bounced (no)"  # noqa: E501
    log = "\n".join((POSTFIX.rstrip(), between.format(queue), status))
    assert look(tmp_path, log)["deferred"].status == "deferred"


@pytest.mark.parametrize(
    "compress", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"]
)
def test_compressed_logs(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    """Whatever a file is called, what it begins with says how it is compressed."""
    assert look(tmp_path, compress(POSTFIX.encode()))["sent"].status == "sent"


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    """What can be read of a compressed file counts, and that it is not whole is said."""
    whole = gzip.compress((POSTFIX + "x" * 100 + os.urandom(200_000).hex()).encode())
    path = tmp_path / "mail.log.gz"
    path.write_bytes(whole[: len(whole) // 2])
    findings = search([path], IDS)
    assert findings.broken == (path,)
    assert named(findings)["sent"].status == "sent"


def test_files_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    """Rotated logs may be given in any order; their first lines tell which is older, over New Year too."""
    old = tmp_path / "b.log"
    first = "".join(POSTFIX.splitlines(keepends=True)[6:10])
    old.write_text("Dec 31 23:59:00 mx x\n" + first.replace("Nov 22", "Dec 31"))
    new = tmp_path / "a.log"
    last = POSTFIX.splitlines()[-1]
    new.write_text("Jan  1 00:01:00 mx x\n" + last.replace("Nov 22", "Jan  1"))
    for path in (old, new):
        os.utime(path, (1_704_110_000, 1_704_110_000))
    for paths in ([old, new], [new, old]):
        assert named(search(paths, IDS))["deferred"].status == "deferred"


def test_standard_input_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads what another program writes, such as journalctl."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(POSTFIX.encode())))
    assert named(search([STDIN], IDS))["sent"].accepted


@pytest.mark.parametrize("name", ["missing.log", "."], ids=["missing", "folder"])
def test_a_log_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    """Which file, and why."""
    with pytest.raises(MaillogError, match="cannot be read"):
        search([tmp_path / name], IDS)


def test_other_files_tell_of_no_messages(tmp_path: Path) -> None:
    """A file that is no mail log is known by it."""
    path = tmp_path / "syslog"
    path.write_text("Nov 22 14:15:38 mx kernel: hello\n" * 10)
    findings = search([path], IDS)
    assert (findings.messages, findings.lines, findings.evidence) == (0, 10, {})


@pytest.mark.parametrize(
    "line",
    [
        "Nov 22 14:15:38 mx postfix/smtpd[1]: warning: /cleanup[1]: AAAAA1: message-id=<never@kreis.example>",
        "x Nov 22 14:15:38 mx postfix/cleanup[1]: AAAAAAA1: message-id=<never@kreis.example>",
        "Nov 22 14:15:38 mx other[1]: AAAAAAA1: message-id=<never@kreis.example>",
        "Nov 22 14:15:38 mx postfix/cleanup[1]: AAAAAAA1: warning: X: message-id=<never@kreis.example>",
        "2023-11-22 14:15:38 SMTP data: 1r5abc-0001Ab-2C <= x id=never@kreis.example",
    ],
)
def test_what_strangers_send_proves_nothing(tmp_path: Path, line: str) -> None:
    """A line that merely quotes a line is none."""
    assert look(tmp_path, line) == {}


def test_words_are_printable(tmp_path: Path) -> None:
    """What a foreign server said cannot steer a terminal, nor fill it."""
    evil = POSTFIX.replace("(250 2.0.0 Ok)", "(250 \x1b[2J\u202e" + "x" * 5000 + ")")
    text = look(tmp_path, evil)["sent"].text
    assert text.isprintable()
    assert len(text) <= 300


@given(
    st.lists(
        st.binary(max_size=80) | st.sampled_from(POSTFIX.encode().splitlines() + EXIM.encode().splitlines()),
        max_size=30,
    ),
    st.data(),
)
def test_garbage_is_survived(lines: list[bytes], data: st.DataObject) -> None:
    """Whatever stands in a log, in whatever order, it is read to its end."""
    cut = [line[data.draw(st.integers(0, 5)) :] if data.draw(st.booleans()) else line for line in lines]
    finder = Finder(IDS)
    assert finder.read(Path("x"), cut) == len(lines)
    assert set(finder.found) <= set(IDS)


def test_memory_is_flat(tmp_path: Path) -> None:
    """A large log, and a line without end, need no more memory than a small one."""
    path = tmp_path / "big.log"
    with path.open("wb") as file:
        for _time in range(3000):
            file.write(POSTFIX.replace("kreis.example>", "other.example>").encode())
        file.write(b"x" * 40_000_000 + b"\n" + POSTFIX.encode())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    findings = search([path], IDS)
    assert named(findings)["sent"].accepted
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000
