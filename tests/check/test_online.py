"""The rules about links on the web: what is told, how heavy it is, and where it points."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest

from newsletter.check import checking, registry
from newsletter.check.finding import Remark, Severity
from newsletter.check.online import links
from newsletter.check.online.asking import Patience
from newsletter.check.online.gate import Endpoint, Gate
from newsletter.check.online.inquiry import Inquiry
from newsletter.check.online.names import Resolve
from newsletter.check.proof import Proof
from tests.check import proofs
from tests.check.web import Handle, Site, cut, hang, page, redirect, site
from tests.dispatch.certificates import Authority

RULES = ("dead-link", "no-answer", "certificate", "inside", "not-judged", "moved", "https")
PATIENCE = Patience(connect=3, read=1, whole=3)
GREETING = b"SSH-2.0-OpenSSH_9.2\r\n"


def leading(*sites: Site, port443: Site | None = None, inside: Sequence[str] = ()) -> Resolve:
    """Let every name lead to a server, at 443 to the one for https; those in `inside` to a private one."""

    async def resolve(host: str, port: int) -> Sequence[Endpoint]:
        if host.startswith("no-such"):
            raise socket.gaierror(socket.EAI_NONAME, "told")
        if host.startswith("not-now"):
            raise socket.gaierror(socket.EAI_AGAIN, "told")
        if host in inside:
            return [Endpoint("10.1.2.3", port)]
        if port == 443:
            return [port443.endpoint if port443 else Endpoint("127.0.0.1", 1)]
        return [sites[0].endpoint if port == 80 else Endpoint("198.41.0.4", port)]

    return resolve


def asked(proof: Proof, resolve: Resolve, *sites: Site, authority: Authority | None = None) -> Proof:
    """Ask for the links of a proof, at these servers only."""
    gate = Gate(frozenset({one.endpoint for one in sites} | {Endpoint("127.0.0.1", 1)}))
    trust = ssl.create_default_context(cafile=authority.file) if authority else None
    links.ask(proof, Inquiry(gate=gate, resolve=resolve, patience=PATIENCE, trust=trust))
    return proof


def told(tmp_path: Path, markdown: str, handle: Handle, *, inside: Sequence[str] = ()) -> dict[str, Remark]:
    """Return what each rule says (at most one thing) of a text whose links lead to a page at “/”."""
    pages = {"/": handle, "/there": page(), "/gone-later": redirect("/nothing")}
    with site(pages) as running:
        proof = proofs.proof(tmp_path, markdown)
        asked(proof, leading(running, inside=inside), running)
        found = {rule: proofs.remarks(f"online.{rule}", proof) for rule in RULES}
    assert all(len(remarks) <= 1 for remarks in found.values())
    return {rule: remarks[0] for rule, remarks in found.items() if remarks}


def test_good_links_say_nothing(tmp_path: Path) -> None:
    """Pages that are there; mail addresses, telephone numbers and places in the mail are left alone."""
    text = "[Da](http://www.example.org/), [Post](mailto:a@b.example), [Ruf](tel:+49211123456).\n"
    with site({"/": page()}) as running:
        proof = asked(proofs.proof(tmp_path, text), leading(running), running)
        assert [proofs.remarks(f"online.{rule}", proof) for rule in RULES] == [[]] * len(RULES)
        assert [one.target for one in running.asked] == ["/"]


INSIDE = "which is inside a network or on the reader's own machine."
A = "http://a.example/"
TELLS: dict[str, tuple[str, Handle, str, Severity | None, str]] = {
    "404": (A, page(404), "dead-link", None, "“{url}” is not there (404)."),
    "410": (A, page(410), "dead-link", None, "“{url}” is not there (410)."),
    "400": (A, page(400), "dead-link", Severity.WARNING, "“{url}” is refused as a mistake (400)."),
    "no host": ("http://no-such.example/", page(), "dead-link", None,
                "There is no host “no-such.example”, to which “{url}” leads."),
    "redirected to nothing": (f"{A}gone-later", page(), "dead-link", None,
                              "“{url}” (redirected to “http://a.example/nothing”) is not there (404)."),
    "unknown for now": ("http://not-now.example/", page(), "no-answer", None,
                        "The host of “{url}” cannot be looked up at the moment."),
    "503": (A, page(503), "no-answer", None, "The server of “{url}” reports trouble of its own (503)."),
    "hangs": (A, hang, "no-answer", None, "The server of “{url}” took too long to answer."),
    "cut": (A, cut, "no-answer", None,
            "The server of “{url}” broke off, or gave an answer that no browser understands."),
    "circle": (A, redirect("/"), "no-answer", None,
               "“{url}” (redirected to “{url}”) is redirected again and again."),
    "astray": (A, redirect("file:///etc/passwd"), "no-answer", None,
               "“{url}” leads to “file:///etc/passwd”, which is no web address."),
    "nobody": ("https://a.example/", page(), "no-answer", None, "The server of “{url}” cannot be reached."),
    "loopback": ("http://127.0.0.1/x", page(), "inside", None, f"“{{url}}” leads to 127.0.0.1, {INSIDE}"),
    "decimal": ("http://2130706433/x", page(), "inside", None, f"“{{url}}” leads to 127.0.0.1, {INSIDE}"),
    "redirected inside": (A, redirect("http://[::ffff:169.254.169.254]/"), "inside", None,
                          "“{url}” (redirected to “http://169.254.169.254/”) leads to 169.254.169.254, "
                          + INSIDE),
    "name inside": ("http://intranet.example/", page(), "inside", Severity.WARNING,
                    ("“{url}” leads to 10.1.2.3 as seen from here, which is inside a network; "
                     "it was not asked for.")),
    "403": (A, page(403), "not-judged", None,
            "“{url}” does not let programs see whether it is there (403)."),
    "429": (A, page(429), "not-judged", None,
            "“{url}” does not let programs see whether it is there (429)."),
    "port": ("http://a.example:8080/", page(), "not-judged", None,
             "“{url}” leads to port 8080; only 80 and 443 are asked, and many offices let no other through."),
    "moved": (A, redirect("/there", 308), "moved", None,
              "“{url}” has moved for good, to “http://a.example/there”."),
}  # fmt: skip


@pytest.mark.parametrize(("url", "handle", "rule", "severity", "message"), TELLS.values(), ids=TELLS)
def test_what_is_told(
    tmp_path: Path, url: str, handle: Handle, rule: str, severity: Severity | None, message: str
) -> None:
    """One rule speaks, in one sentence that names the link, and points at the link in its line."""
    found = told(
        tmp_path, f"Erste Zeile.\n\nUnd [Näheres]({url}) dazu.\n", handle, inside=["intranet.example"]
    )
    assert list(found) == [rule]
    remark = found[rule]
    assert remark.message == message.format(url=url)
    assert remark.severity is severity
    assert remark.cure
    assert remark.quote == "Näheres"
    line = remark.where.path.read_text(encoding="utf-8").splitlines()[remark.where.line - 1]
    assert line[remark.where.column - 1 :].startswith(f"{url})")


def test_certificates(tmp_path: Path) -> None:
    """One that is for another name is an error, one of an unknown authority perhaps our own ignorance."""
    authority = Authority.made(tmp_path)
    certificate = authority.server(tmp_path, "www.example.org")
    text = "[Eins](https://www.example.org/) und [Zwei](https://other.example.org/)\n"
    with site({"/": page()}, certificate=certificate) as running:
        resolve = leading(port443=running)
        proof = proofs.proof(tmp_path / "trusting", text)
        known = proofs.remarks("online.certificate", asked(proof, resolve, running, authority=authority))
        proof = proofs.proof(tmp_path / "strange", text)
        unknown = proofs.remarks("online.certificate", asked(proof, resolve, running))
    assert [remark.quote for remark in known] == ["Zwei"]
    assert known[0].message.startswith(
        "The certificate of the server of “https://other.example.org/” is not right:"
    )
    assert known[0].severity is None
    assert [remark.severity for remark in unknown] == [Severity.WARNING, Severity.WARNING]


def test_a_server_without_tls(tmp_path: Path) -> None:
    """Is told as one that cannot be spoken to securely."""
    with site({}, greeting=GREETING) as running:
        proof = proofs.proof(tmp_path, "[Eins](https://www.example.org/)\n")
        asked(proof, leading(port443=running), running)
        found = proofs.remarks("online.certificate", proof)
    assert [remark.message for remark in found] == [
        "The server of “https://www.example.org/” cannot be spoken to securely."
    ]


def test_https(tmp_path: Path) -> None:
    """An http link that https answers too is a hint, an https link that leads on to http a warning."""
    authority = Authority.made(tmp_path)
    certificate = authority.server(tmp_path, "www.example.org")
    encrypted = {"/": page(), "/down": redirect("http://www.example.org/only"), "/good": page()}
    text = (
        "[A](http://www.example.org/), [B](http://www.example.org/only), [C](https://www.example.org/down),\n"
    )
    text += "[D](https://www.example.org/good), [E](http://www.example.org/up)\n"
    plain = {"/": page(), "/only": page(), "/up": redirect("https://www.example.org/good")}
    with site(plain) as http, site(encrypted, certificate=certificate) as running:
        proof = proofs.proof(tmp_path / "office", text)
        asked(proof, leading(http, port443=running), http, running, authority=authority)
        found = proofs.remarks("online.https", proof)
    assert [(remark.quote, remark.severity) for remark in found] == [("A", None), ("C", Severity.WARNING)]
    assert found[0].cure == "Write “https://www.example.org/”."


def test_places(tmp_path: Path) -> None:
    """Longer links before it, spellings with umlauts, the links of the settings: each has its own line."""
    text = (
        "Erst [länger](http://www.example.org/404/mehr).\n\n"
        "Dann [kürzer](http://www.example.org/404).\n\n"
        "Auch [Umlaut](http://bücher.example/grün/404).\n"
    )
    settings = '\n[web]\nbase_url = "http://archive.example.org/"\n'
    legal = 'privacy_url = "http://www.example.org/privacy-404"\n'
    with site({"/404/mehr": page()}) as running:
        workspace = proofs.office(tmp_path, text, settings=settings)
        file = tmp_path / "newsletter.toml"
        written = file.read_text(encoding="utf-8").replace("[legal]\n", f"[legal]\n{legal}")
        file.write_text(written, encoding="utf-8")
        workspace = type(workspace).find(tmp_path, {})
        proof = checking.proof_of(workspace, workspace.issue_id(None))
        asked(proof, leading(running), running)
        found = proofs.remarks("online.dead-link", proof)
    lines = {
        remark.quote: remark.where.path.read_text(encoding="utf-8")
        .splitlines()[remark.where.line - 1]
        .strip()
        for remark in found
    }
    assert lines["kürzer"] == "Dann [kürzer](http://www.example.org/404)."
    assert lines["Umlaut"] == "Auch [Umlaut](http://bücher.example/grün/404)."
    assert legal.strip() in lines.values()
    assert not any("archive.example.org" in remark.message for remark in found)


def test_the_link_to_unsubscribe_is_not_asked(tmp_path: Path) -> None:
    """It is each reader's own, and nobody's here."""
    settings = '\n[list]\nunsubscribe_url = "https://kreis.example/u/{token}"\n'
    proof = proofs.proof(tmp_path, "[Da](http://www.example.org/)\n", settings=settings)
    assert any("kreis.example/u/" in link.get("href", "") for link in proof.mails[0].links)
    assert [link.url for link in links.links_of(proof)] == ["http://www.example.org/"]


def test_a_machine_without_the_web_is_told_once(tmp_path: Path) -> None:
    """Not as a fault of each link."""

    async def nobody(_host: str, _port: int) -> Sequence[Endpoint]:
        raise socket.gaierror(socket.EAI_NONAME, "told")

    text = "[A](http://a.example/), [B](http://b.example/), [C](https://c.example/)\n"
    proof = asked(proofs.proof(tmp_path, text), nobody)
    found = [remark for rule in RULES for remark in proofs.remarks(f"online.{rule}", proof)]
    assert [remark.message for remark in found] == [
        "None of the links could be asked for: no host can be reached from here."
    ]


def test_links_are_asked_for_once(tmp_path: Path) -> None:
    """By the first rule, for all of them; and again by the next check only if they were not good."""
    with site({"/": page(), "/up": redirect("/", 301)}) as running:
        text = (
            "[A](http://www.example.org/), [B](http://www.example.org/up), [C](http://www.example.org/no)\n"
        )
        proof = asked(proofs.proof(tmp_path, text), leading(running), running)
        for rule in RULES:
            proofs.remarks(f"online.{rule}", proof)
        assert [one.target for one in running.asked].count("/up") == 1
        running.asked.clear()
        proof.web.clear()
        asked(proof, leading(running), running)
        assert {one.target for one in running.asked} == {"/no"}
        assert len(proofs.remarks("online.moved", proof)) == 1


def test_only_when_asked_for(tmp_path: Path) -> None:
    """Without `--online` no rule of the family runs; with it, the report says so."""
    rules = registry.chosen(["online"], with_online=True)
    assert {rule.id for rule in rules} == {f"online.{rule}" for rule in RULES}
    assert all(rule.online for rule in rules)
    assert registry.chosen(["online"], with_online=False) == ()
    workspace = proofs.office(tmp_path, "[A](http://127.0.0.1/)\n")
    report, _proof = checking.check(workspace, workspace.issue_id(None), names=["online"], with_online=True)
    assert report.online
    assert [(one.rule, one.severity) for one in report.findings] == [("online.inside", Severity.ERROR)]


def test_an_issue_with_faults_has_no_links_to_ask(tmp_path: Path) -> None:
    """They are asked for when it can be composed."""
    proof = proofs.proof(tmp_path, {"type": "article", "headng": "Falsch"})
    assert not links.links_of(proof)
    assert [proofs.remarks(f"online.{rule}", proof) for rule in RULES] == [[]] * len(RULES)
