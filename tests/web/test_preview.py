"""The preview in a real browser: what is saved is seen, what is wrong is told, nothing jumps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import browser, needs_browser
from tests.cli.office import SETTINGS, Office
from tests.judges.accessibility import AXE, RUN, TAGS, needs_axe
from tests.web.running import ISSUE, Running, furnished, running, until

pytestmark = needs_browser
WORDS = "frame => frame.contentDocument.body.innerText"
SCROLLED = "frame => frame.contentWindow.scrollY"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests here."""
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One preview for all tests here."""
    with running(furnished(Office(tmp_path_factory.mktemp("preview")))) as started:
        yield started


@pytest.fixture
def preview(served: Running) -> Iterator[Running]:
    """The preview, with the issue as it was at first."""
    yield served
    served.office.put("newsletter.toml", SETTINGS)
    served.write(ISSUE)


def opened(chromium: Browser, preview: Running, *, fragment: str = "", **options: Any) -> Page:
    """Open the page and wait for the mail; an error in the browser's console fails the test."""
    context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    page = context.new_page()
    page.on("pageerror", _complain)
    page.goto(preview.url + fragment)
    expect(page.locator(".pane[data-revision]").first).to_be_visible()
    return page


def _complain(error: object) -> None:
    raise AssertionError(str(error))


def words(page: Page, pane: str = "desktop") -> str:
    """Return the text of the mail as a frame shows it."""
    shown = page.locator(f".pane[data-pane={pane}] iframe.shown")
    return re.sub("\u00ad", "", str(shown.evaluate(WORDS)))


def test_what_is_saved_is_seen_in_all_frames_at_the_same_place(chromium: Browser, preview: Running) -> None:
    """The new words stand there, and nobody has scrolled."""
    page = opened(chromium, preview)
    frames = page.locator("iframe.shown").filter(visible=True)
    for frame in frames.all():
        frame.evaluate("frame => frame.contentWindow.scrollTo(0, 900)")
    assert frames.count() == 2

    preview.write(ISSUE.replace("Wegwarte", "Schafgarbe"))

    for pane in ("desktop", "phone"):
        until(lambda pane=pane: "Schafgarbe" in words(page, pane))  # type: ignore[misc]
    assert [frame.evaluate(SCROLLED) for frame in frames.all()] == [900, 900]
    page.context.close()


def test_what_did_not_change_is_left_alone(chromium: Browser, preview: Running) -> None:
    """The same elements stay, images are not loaded again: nothing flickers."""
    page = opened(chromium, preview)
    shown = page.locator(".pane[data-pane=desktop] iframe.shown")
    shown.evaluate("frame => { window.kept = frame.contentDocument.querySelector('img[alt]'); }")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    preview.write(ISSUE.replace("Wegwarte", "Schafgarbe").replace("  - type: image", NEW_ARTICLE))

    until(lambda: "Schafgarbe" in words(page) and "Dazwischen" in words(page))
    assert shown.evaluate("frame => window.kept === frame.contentDocument.querySelector('img[alt]')")
    assert not [url for url in asked if "/image/" in url]
    page.context.close()


NEW_ARTICLE = """\
  - type: article
    heading: Dazwischen
    text: Neu.
  - type: image"""


@pytest.mark.parametrize("order", ["there", "back"])
def test_the_mended_document_is_the_one_that_was_sent(
    chromium: Browser, preview: Running, order: str
) -> None:
    """Sections that come and go leave the frame as a fresh one would be."""
    longer = ISSUE.replace("  - type: image", NEW_ARTICLE).replace("Absatz 7 ", "Ein anderer ")
    before, after = (ISSUE, longer) if order == "there" else (longer, ISSUE)
    preview.write(before)
    page = opened(chromium, preview)
    until(lambda: ("Dazwischen" in words(page)) == (before == longer))

    preview.write(after)
    until(lambda: ("Dazwischen" in words(page)) == (after == longer))
    fresh = opened(chromium, preview)

    body = "frame => frame.contentDocument.documentElement.outerHTML"
    mended, loaded = (
        one.locator(".pane[data-pane=desktop] iframe.shown").evaluate(body) for one in (page, fresh)
    )
    assert mended == loaded
    page.context.close()
    fresh.context.close()


def test_a_file_that_is_renamed_over_the_old_one_is_seen(chromium: Browser, preview: Running) -> None:
    """Many editors save so."""
    page = opened(chromium, preview)
    new = preview.office.put("issues/2024-1/.issue.yaml.new", ISSUE.replace("Wegwarte", "Kamille"))

    new.rename(new.with_name("issue.yaml"))

    until(lambda: "Kamille" in words(page))
    page.context.close()


def test_templates_and_settings_are_watched_too(chromium: Browser, preview: Running) -> None:
    """Also a templates folder that was not there when the preview began."""
    page = opened(chromium, preview)

    preview.office.put("newsletter.toml", SETTINGS.replace('"Kreisblatt"', '"Amtsblatt"'))
    until(lambda: "Amtsblatt" in words(page))
    preview.office.put("templates/theme.toml", '[light]\ncanvas = "#ffeedd"\n')

    ground = "frame => frame.contentWindow.getComputedStyle(frame.contentDocument.body).backgroundColor"
    shown = page.locator(".pane[data-pane=desktop] iframe.shown")
    until(lambda: shown.evaluate(ground) == "rgb(255, 238, 221)")
    preview.office.put("templates/theme.toml", '[light]\ncanvas = "#ddeeff"\n')
    until(lambda: shown.evaluate(ground) == "rgb(221, 238, 255)")
    (preview.office.root / "templates" / "theme.toml").unlink()
    until(lambda: shown.evaluate(ground) == "rgb(234, 240, 241)")
    page.context.close()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ISSUE.replace("  - type: article", "  - type: artikel", 1), "There is no section type “artikel”"),
        (ISSUE.replace("heading: Der Radweg", "heading: 'Der Radweg"), "quote"),
        ("", ""),
    ],
    ids=["a wrong type", "no YAML", "empty"],
)
def test_a_fault_is_told_over_the_last_good_state(
    chromium: Browser, preview: Running, broken: str, message: str
) -> None:
    """With its place and its cure; the mail stays, and goes on when the fault is mended."""
    page = opened(chromium, preview)

    preview.write(broken)

    faults = page.locator("#faults")
    expect(faults).to_be_visible()
    expect(faults).to_contain_text(message)
    expect(faults).to_contain_text(re.compile(r"issues/2024-1/issue\.yaml"))
    expect(page.locator("#status")).to_contain_text("Last good state")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    assert "Wegwarte" in words(page)

    preview.write(ISSUE.replace("Wegwarte", "Königskerze"))
    until(lambda: "Königskerze" in words(page))
    expect(faults).to_be_hidden()
    expect(page.locator("#status")).to_contain_text("Up to date")
    page.context.close()


def test_a_fault_in_the_settings_is_told_as_well(chromium: Browser, preview: Running) -> None:
    """The last good settings hold meanwhile."""
    page = opened(chromium, preview)

    preview.office.put("newsletter.toml", SETTINGS + "\n[sender\n")

    expect(page.locator("#faults")).to_contain_text("newsletter.toml")
    assert "Wegwarte" in words(page)
    page.context.close()


def test_an_issue_with_faults_from_the_beginning_is_no_blank_page(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The faults are told, and where the mail will be."""
    office = furnished(Office(tmp_path_factory.mktemp("faulty")))
    office.put("issues/2024-1/issue.yaml", ISSUE.replace("  - type: image", "  - type: bild"))
    with running(office) as preview:
        page = chromium.new_page()
        page.goto(preview.url)
        expect(page.locator("#faults")).to_contain_text("bild")
        expect(page.locator(".waiting").first).to_be_visible()

        preview.write(ISSUE)
        expect(page.locator(".pane[data-revision]").first).to_be_visible()
        until(lambda: "Wegwarte" in words(page))
        page.context.close()


@pytest.mark.parametrize(
    ("view", "holds"),
    [
        ("dark", "style(document.body).backgroundColor === 'rgb(10, 19, 22)'"),
        ("forced", "style(document.body).color === 'rgb(255, 255, 255)'"),
        ("no-images", "[...document.images].every(image => image.naturalWidth < 2)"),
        (
            "no-style",
            "document.querySelectorAll('style:not([data-preview]):not([data-marks])').length === 0",
        ),
        ("text", "document.querySelector('pre').innerText.includes('===')"),
        ("page", "document.querySelector('main nav') !== null"),
        ("page-dark", "style(document.documentElement).colorScheme === 'dark'"),
        ("source", "document.querySelector('table').innerText.includes('KB')"),
        ("light", "style(document.body).backgroundColor === 'rgb(234, 240, 241)'"),
    ],
    ids=["dark", "forced", "no-images", "no-style", "text", "page", "page-dark", "source", "light"],
)
def test_a_view_shows_what_it_says(chromium: Browser, preview: Running, view: str, holds: str) -> None:
    """In every frame, and the page tells who sees it so."""
    page = opened(chromium, preview)
    button = page.locator(f"#views [data-view={view}]")

    button.click()

    there = "{ contentDocument: document, contentWindow: { getComputedStyle: style } }"
    for pane in ("desktop", "phone"):
        section = page.locator(f".pane[data-pane={pane}][data-view={view}]")
        expect(section).to_be_visible()
        assert section.locator("iframe.shown").evaluate(f"({there}) => {holds}")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#hint")).not_to_be_empty()
    page.context.close()


def test_a_finding_jumps_to_its_place(chromium: Browser, preview: Running) -> None:
    """In every frame its words are marked and in sight; file, line and column stand beside it."""
    page = opened(chromium, preview)
    finding = page.locator(".finding", has_text="“hier”").first
    expect(finding).to_contain_text("issues/2024-1/issue.yaml:15:")

    finding.locator(".what").click()

    expect(finding).to_have_attribute("data-current", "")
    for pane in ("desktop", "phone"):
        frame = page.locator(f".pane[data-pane={pane}] iframe.shown")
        until(lambda frame=frame: frame.evaluate(MARKED) == "hier")  # type: ignore[misc]
        until(lambda frame=frame: frame.evaluate(IN_SIGHT))  # type: ignore[misc]
    page.context.close()


MARKED = """frame => [...(frame.contentWindow.CSS.highlights.get('finding') || [])].map(String).join()
  || frame.contentDocument.querySelector('[data-preview-mark]')?.textContent"""
IN_SIGHT = """frame => {
  const range = [...(frame.contentWindow.CSS.highlights.get('finding') || [])][0];
  const box = (range || frame.contentDocument.querySelector('[data-preview-mark]')).getBoundingClientRect();
  return box.top >= 0 && box.bottom <= frame.contentWindow.innerHeight;
}"""


def test_a_place_can_be_copied_and_opened(chromium: Browser, preview: Running) -> None:
    """As file:line:column, and by the address of an editor."""
    page = opened(chromium, preview, permissions=["clipboard-read", "clipboard-write"])
    finding = page.locator(".finding", has_text="“hier”").first

    finding.get_by_role("button", name="Copy").click()

    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert re.fullmatch(r"issues/2024-1/issue\.yaml:15:\d+", copied)
    address = finding.get_by_role("link", name="Open").get_attribute("href") or ""
    assert address == f"vscode://file{preview.office.root}/{copied}"
    page.context.close()


def test_a_recipient_is_chosen(chromium: Browser, preview: Running) -> None:
    """The mail is filled for them, and holds what only their segment sees."""
    page = opened(chromium, preview)
    assert "Sehr geehrte Damen und Herren," in words(page)

    page.get_by_label("Recipient").select_option("frau")
    until(lambda: "Sehr geehrte Frau Dr. Beispiel," in words(page))
    page.get_by_label("Recipient").select_option("segment-cities")

    until(lambda: "Das lesen nur Städte." in words(page))
    assert "Sehr geehrte Damen und Herren," in words(page)
    page.context.close()


def test_widths_are_shown_side_by_side_and_can_be_changed(chromium: Browser, preview: Running) -> None:
    """By number, by keys, by dragging; each within its bounds."""
    page = opened(chromium, preview, viewport={"width": 1920, "height": 1000})
    inner = "frame => frame.contentWindow.innerWidth"
    widths = {
        pane: page.locator(f".pane[data-pane={pane}] iframe.shown") for pane in ("desktop", "phone", "free")
    }
    assert [frame.evaluate(inner) for frame in widths.values()] == [640, 360, 440]

    page.get_by_label("Width in pixels: Desktop").fill("2000")
    page.get_by_label("Width in pixels: Desktop").press("Tab")
    assert widths["desktop"].evaluate(inner) == 800
    page.get_by_label("Width in pixels: Desktop").fill("600")
    page.get_by_label("Width in pixels: Desktop").press("Tab")
    handle = page.get_by_role("separator")
    handle.press("ArrowLeft")
    assert widths["free"].evaluate(inner) == 430
    box = handle.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] - 95, box["y"] + 50, steps=4)
    page.mouse.up()

    assert widths["free"].evaluate(inner) == 330
    assert handle.get_attribute("aria-valuenow") == "330"
    page.context.close()


def test_keys_do_what_the_help_says_and_can_be_turned_off(chromium: Browser, preview: Running) -> None:
    """Single keys are no trap for those who speak or mistype (WCAG 2.1.4)."""
    page = opened(chromium, preview)
    expect(page.locator(".finding").first).to_be_visible()
    views = page.locator("#views")

    page.keyboard.press("2")
    expect(views.get_by_role("button", name="Dark", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    expect(page.locator(".pane[data-pane=phone]")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator(".finding").first.locator(".what")).to_be_focused()
    page.keyboard.press("r")
    expect(page.get_by_label("Recipient")).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Single keys work").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("1")

    expect(views.get_by_role("button", name="Dark", exact=True)).to_have_attribute("aria-pressed", "true")
    page.context.close()


def test_everything_is_reached_by_the_tab_key(chromium: Browser, preview: Running) -> None:
    """In the order in which it stands; frames behind are left out."""
    page = opened(chromium, preview)
    expect(page.locator(".finding").first).to_be_visible()
    reached = []
    for _step in range(60):
        page.keyboard.press("Tab")
        reached.append(
            str(
                page.evaluate(
                    "(e => e.id || e.dataset.view || e.dataset.pane || e.tagName)(document.activeElement)"
                )
            )
        )

    for name in ("light", "source", "phone", "reader", "panes", "address"):
        assert name in reached
    assert (
        reached.index("light") < reached.index("reader") < reached.index("panes") < reached.index("address")
    )
    page.context.close()


def test_two_windows_see_the_same_each_in_its_own_way(chromium: Browser, preview: Running) -> None:
    """One may look at the text for one reader, the other at the mail for another."""
    first = opened(chromium, preview)
    second = opened(chromium, preview, fragment="#view=text&reader=herr")
    until(lambda: "Sehr geehrter Herr Beispiel," in words(second))

    preview.write(ISSUE.replace("Wegwarte", "Natternkopf"))

    until(lambda: "Natternkopf" in words(first) and "Natternkopf" in words(second))
    assert "Sehr geehrte Damen und Herren," in words(first)
    assert "Sehr geehrter Herr Beispiel," in words(second)
    first.context.close()
    second.context.close()


def test_a_window_that_lost_the_line_finds_it_again(chromium: Browser, preview: Running) -> None:
    """As after sleep: what was saved meanwhile is there."""
    page = opened(chromium, preview)
    page.context.set_offline(offline=True)
    expect(page.locator("#status")).to_have_attribute("data-state", re.compile("lost|good"))
    preview.write(ISSUE.replace("Wegwarte", "Beinwell"))
    page.wait_for_timeout(300)

    page.context.set_offline(offline=False)

    until(lambda: "Beinwell" in words(page))
    expect(page.locator("#status")).to_contain_text("Up to date")
    page.context.close()


def test_a_test_is_sent_and_kept_for_this_edition(chromium: Browser, preview: Running) -> None:
    """As “newsletter send --test” does: it lies in the outbox, and sending knows that it was tested."""
    page = opened(chromium, preview)
    page.get_by_label("Address for the test mail").fill("probe@example.org")

    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator("#outcome")).to_contain_text("probe@example.org", timeout=20_000)
    expect(page.locator("#outcome")).to_have_attribute("data-well", "true")
    assert any(path.is_file() for path in (preview.office.root / "outbox").rglob("new/*"))
    said = preview.office.run("send", "2024-1", "--yes", "--force", "tried out in a test").stderr
    assert "tested" in said
    assert "not tested" not in said
    page.context.close()


def test_an_address_that_is_none_is_told(chromium: Browser, preview: Running) -> None:
    """By the browser, or by the program where the browser takes it for one."""
    page = opened(chromium, preview)
    page.get_by_label("Address for the test mail").fill("probe@-")

    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_timeout(300)

    assert page.locator("#outcome").get_attribute("data-well") != "true"
    page.context.close()


def test_the_inbox_and_the_size_are_those_of_the_reader(chromium: Browser, preview: Running) -> None:
    """Sender, subject and preheader as programs cut them; the bytes that are sent."""
    page = opened(chromium, preview)
    lines = page.locator(".line")

    expect(lines).to_have_count(4)
    expect(lines.first).to_contain_text("Redaktion")
    expect(lines.first).to_contain_text("Neues aus dem Kreis")
    expect(lines.nth(3)).to_contain_text("Was im Winter war und was im…")
    size = int(page.locator("#meter").get_attribute("aria-valuenow") or 0)
    mail = preview.ask("GET", f"{preview.path}view/source")[2]
    assert f"{size / 1000:.1f} KB" in mail
    page.context.close()


def test_links_of_the_mail_leave_the_page_where_it_is(chromium: Browser, preview: Running) -> None:
    """They open in a window of their own, which does not learn the address of the preview."""
    page = opened(chromium, preview)
    page.context.route("https://kreis.example/**", lambda route: route.fulfill(body="there"))

    with page.context.expect_page() as another:
        page.frame_locator(".pane[data-pane=desktop] iframe.shown").get_by_role("link", name="hier").click()

    other = another.value
    other.wait_for_load_state()
    assert other.url == "https://kreis.example/radweg"
    assert other.evaluate("document.referrer") == ""
    assert page.url.startswith(preview.url)
    page.context.close()


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("width", "state"),
    [(390, "good"), (1024, "good"), (1440, "good"), (390, "faulty"), (1440, "faulty"), (1024, "help")],
)
def test_axe_finds_nothing(chromium: Browser, preview: Running, width: int, scheme: str, state: str) -> None:
    """WCAG 2.2 A and AA and what axe-core holds for good practice, on our own page."""
    options: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = opened(chromium, preview, bypass_csp=True, **options)
    expect(page.locator(".finding").first).to_be_visible()
    if state == "faulty":
        preview.write(ISSUE.replace("  - type: image", "  - type: bild"))
        expect(page.locator("#faults")).to_be_visible()
    if state == "help":
        page.keyboard.press("?")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(RUN.replace("resultTypes", "iframes: false, resultTypes"), list(TAGS))

    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in result["violations"]] == []
    page.context.close()
