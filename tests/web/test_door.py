"""The door of the preview: who gets in, and what every answer carries."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from newsletter.cli.previewing import editor_address
from newsletter.errors import UsageError
from tests.cli.office import Office
from tests.web.running import Running, furnished, running


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running preview."""
    with running(furnished(Office(tmp_path_factory.mktemp("door")))) as started:
        yield started


def test_the_page_is_found_at_the_printed_address(preview: Running) -> None:
    """It listens on the loopback alone, below a token that cannot be guessed."""
    status, headers, page = preview.ask("GET", preview.path)

    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert "<title>" in page
    assert preview.url.startswith("http://127.0.0.1:")
    assert len(preview.path.strip("/")) >= 32


@pytest.mark.parametrize(
    "path", ["/", "/favicon.ico", "/events", "/view/light", "/wrong/", "/wrong/view/light", "//", "/%00/"]
)
def test_without_the_token_there_is_nothing(preview: Running, path: str) -> None:
    """Whatever is asked for."""
    assert preview.ask("GET", path)[0] == 404


@pytest.mark.parametrize("cut", [1, 10])
def test_a_part_of_the_token_is_none(preview: Running, cut: int) -> None:
    """Nor is one with more behind it."""
    token = preview.path.strip("/")

    assert preview.ask("GET", f"/{token[:-cut]}/")[0] == 404
    assert preview.ask("GET", f"/{token}{'x' * cut}/")[0] == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_another_host_is_refused(preview: Running, host: str) -> None:
    """A name that was made to point here (DNS rebinding) gets nothing, token or not."""
    assert preview.ask("GET", preview.path, Host=host.format(port=preview.port))[0] == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "null"]
)
@pytest.mark.parametrize(("method", "path"), [("POST", "test"), ("GET", ""), ("GET", "events")])
def test_another_origin_is_refused(preview: Running, method: str, path: str, origin: str) -> None:
    """Neither may it send a test, nor read anything."""
    said = origin.format(port=preview.port)

    assert preview.ask(method, preview.path + path, "{}", Origin=said)[0] == 403


def test_a_post_without_an_origin_is_refused(preview: Running) -> None:
    """Browsers always send one."""
    assert preview.ask("POST", f"{preview.path}test", "{}")[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_asks_for_is_refused(preview: Running, site: str) -> None:
    """Even an image or a frame; browsers say who asks."""
    assert preview.ask("GET", preview.path, Sec_Fetch_Site=site)[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "POST"])
def test_other_methods_do_nothing(preview: Running, method: str) -> None:
    """The page is only read."""
    assert preview.ask(method, preview.path, Origin=preview.origin())[0] == 405


@pytest.mark.parametrize(
    "path", ["", "view/light", "view/text", "view/nothing", "image/nothing", "../etc/passwd"]
)
def test_every_answer_is_dressed(preview: Running, path: str) -> None:
    """Nothing is sniffed, kept, or told to other sites."""
    headers = preview.ask("GET", preview.path + path)[1]

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_the_page_runs_its_own_script_only(preview: Running) -> None:
    """By a nonce that is another one each time."""
    policies = [preview.ask("GET", preview.path)[1]["content-security-policy"] for _time in range(2)]

    assert policies[0] != policies[1]
    assert all("script-src 'nonce-" in policy and "unsafe" not in policy for policy in policies)


def test_a_mail_runs_nothing_and_loads_nothing(preview: Running) -> None:
    """It is sandboxed by itself, also when it is opened beside the page."""
    policy = preview.ask("GET", f"{preview.path}view/light")[1]["content-security-policy"]

    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in policy
    assert "img-src 'self' data:" in policy


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "{", '{"address": 1, "digest": "x"}', '{"address": "a@example.org"}', "x" * 10_000],
)
def test_a_request_that_is_none_of_the_page_is_told_so(preview: Running, body: str) -> None:
    """Nothing is sent, and the program goes on."""
    status, _headers, said = preview.ask(
        "POST", f"{preview.path}test", body, Origin=preview.origin(), Content_Type="application/json"
    )

    assert status == 400
    assert json.loads(said)["message"]


def test_an_edition_that_is_not_shown_any_more_is_not_sent(preview: Running) -> None:
    """What was looked at is what is tested."""
    body = json.dumps({"address": "a@example.org", "digest": "0" * 64})
    status, _headers, said = preview.ask(
        "POST", f"{preview.path}test", body, Origin=preview.origin(), Content_Type="application/json"
    )

    assert status == 409
    assert "changed" in json.loads(said)["message"]


def test_nobody_else_on_the_network_can_connect(preview: Running) -> None:
    """It listens on 127.0.0.1, not on every address of the machine."""
    other = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    other.settimeout(5)
    with other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", preview.port))


def test_ctrl_c_ends_it_cleanly_while_pages_listen(tmp_path_factory: pytest.TempPathFactory) -> None:
    """At once, with a word and without an error."""
    with running(furnished(Office(tmp_path_factory.mktemp("end")))) as started, started.listen() as line:
        assert line.readline().startswith(b"retry")
        code, said = started.end()
        rest = line.read()

    assert code == 0
    assert said.splitlines()[-1] == "The preview has ended."
    assert "Traceback" not in said
    assert b"event: end" in rest


def test_a_taken_port_is_told(preview: Running, office: Office) -> None:
    """With what to do."""
    done = office.run("preview", "--no-open", "--port", str(preview.port))

    assert done.returncode == 1
    assert f"The port {preview.port} cannot be used" in done.stderr
    assert "--port" in done.stderr


def test_an_issue_that_is_not_there_is_told(office: Office) -> None:
    """As by every command."""
    done = office.run("preview", "2030-1", "--no-open")

    assert done.returncode == 1
    assert "There is no issue 2030-1" in done.stderr


@pytest.mark.parametrize(
    "pattern", ["vscode://file{path}:{line}:{column}", "idea://open?file={path}&line={line}"]
)
def test_an_address_of_an_editor_may_be_set(pattern: str) -> None:
    """As the editor minds it."""
    assert editor_address(pattern) == pattern


@pytest.mark.parametrize(
    "pattern", ["{", "{file}", "code {path}", "javascript:alert('{path}')", "vscode://file"]
)
def test_what_is_no_address_of_an_editor_is_refused(pattern: str) -> None:
    """Before anything begins."""
    with pytest.raises(UsageError, match="NEWSLETTER_EDITOR_URL"):
        editor_address(pattern)
