"""The report's page, and its formats for other programs: SARIF and GitHub's annotations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from lxml import html

from newsletter import language
from newsletter.check import registry
from newsletter.check.finding import Finding, Severity
from newsletter.check.report import Off, Report, Unasked
from newsletter.check.reporting import github, report_page, sarif
from newsletter.errors import Where
from tests.browser import OVERFLOW, browser, needs_browser, open_page
from tests.check import proofs
from tests.check.sarif_schema import SCHEMA

FAULTY = "Mehr dazu [im Programm](#).\n\nWir schreiben TODO dazu.\n"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 3


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """The report on an issue with findings, and with a rule set off."""
    head = {"check": {"off": {"inbox": "Nur für <Kolleginnen> & Kollegen"}}}
    return proofs.report(tmp_path, FAULTY, head=head)


def _tree(report: Report) -> html.HtmlElement:
    return html.document_fromstring(report_page.page(report))


def _text(element: html.HtmlElement | None) -> str:
    assert element is not None
    return " ".join(str(element.text_content()).split())


def _finding(report: Report, rule: str) -> Finding:
    return next(finding for finding in report.findings if finding.rule == rule)


def test_each_finding_is_told_with_all_that_is_known(report: Report) -> None:
    """Weight, place, what is wrong, the line with the words marked, the cure, why, and the rule's name."""
    finding = _finding(report, "content.dead-link")
    articles = {_text(one.find(".//h3")): one for one in _tree(report).iterfind(".//article")}
    assert len(articles) == len({finding.message for finding in report.findings})
    article, told = articles[finding.message], registry.rules()[finding.rule]
    text = _text(article)
    assert f"issues/2024-1/issue.yaml:{finding.where.line}:" in text
    for expected in ("Error", finding.cure, told.title, told.why, finding.rule):
        assert expected in text
    assert "im Programm" in _text(article.find(".//p[@class='line']"))


def test_words_are_marked_in_their_line(report: Report) -> None:
    """Where the quoted words stand in the line, and nowhere else."""
    lines = report.findings[0].where.path.read_text(encoding="utf-8").splitlines()
    line = next(number for number, line in enumerate(lines) if "type: article" in line)
    where = Where(report.findings[0].where.path, line + 1, lines[line].index("type") + 1)
    one = replace(report.findings[0], where=where, quote="type: article of a kind")
    found = _tree(replace(report, findings=(one,)))
    assert [_text(mark) for mark in found.iterfind(".//mark")] == ["type: article"]
    assert _text(found.find(".//p[@class='line']")) == "- type: article"


def test_a_file_without_lines_has_no_line(report: Report) -> None:
    """An image, a file that is gone, a line that is not there: the finding is told without it."""
    first = report.findings[0]
    picture = first.where.path.with_name("bild.png")
    for where in (
        Where(picture, 3, 1),
        Where(picture.with_name("weg.txt"), 1),
        replace(first.where, line=999),
    ):
        found = _tree(replace(report, findings=(replace(first, where=where),)))
        assert len(list(found.iterfind(".//article"))) == 1
        assert list(found.iterfind(".//p[@class='line']")) == []


def test_long_lines_are_shown_around_the_place(tmp_path: Path) -> None:
    """Some words before it and some after."""
    file = tmp_path / "issue.yaml"
    file.write_text("a" * 500 + "WORT" + "b" * 500, encoding="utf-8")
    finding = Finding("issue.fault", Severity.ERROR, Where(file, 1, 501), "m", "c", quote="WORT")
    excerpt = report_page.Lines().excerpt(finding)
    assert excerpt is not None
    assert (excerpt.before[0], excerpt.marked, excerpt.after[-1]) == ("…", "WORT", "…")
    assert len(excerpt.before) + len(excerpt.after) < 200


def test_what_is_set_off_stands_there_with_its_reason(report: Report) -> None:
    """And with who hides what, and where that is written; what is written is shown, never run."""
    page = report_page.page(report)
    assert "Nur für &lt;Kolleginnen&gt; &amp; Kollegen" in page
    off = _tree(report).find(".//section[@aria-labelledby='off']")
    assert "issue.yaml" in _text(off)


def test_what_could_not_be_asked_is_told(report: Report) -> None:
    """With the reason and what to do; it is not counted among those asked."""
    missing = Unasked("wording.spelling", "There is no dictionary.", "Install one.")
    told = _tree(replace(report, not_asked=(missing,)))
    section = _text(told.find(".//section[@aria-labelledby='not-asked']"))
    assert "There is no dictionary. Install one." in section
    asked = _text(told.find(".//section[@aria-labelledby='asked']"))
    assert "wording.spelling" not in asked
    assert "content.dead-link" in asked


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_verdict_is_at_the_top(count: int, report: Report) -> None:
    """How many errors keep the issue from being sent; without any it can be."""
    errors = (_finding(report, "content.dead-link"),) * count
    verdict = _text(_tree(replace(report, findings=errors)).find(".//p[@class]/..//p[2]"))
    expected = ["This issue can be sent", "1 error keeps", "2 errors keep"]
    assert expected[count] in verdict


def test_it_speaks_german() -> None:
    """The page says so to screen readers; its words come from the catalogue."""
    language.use("de")
    nothing = Report(
        id="2024-1", title="Ausgabe 1", digest="", findings=(), off=(), rules=(), online=False,
        at=datetime(2024, 2, 1, tzinfo=UTC), root=Path("/"),
    )  # fmt: skip
    assert '<html lang="de">' in report_page.page(nothing)


def test_it_loads_nothing(report: Report) -> None:
    """Neither scripts nor anything from elsewhere."""
    tree = _tree(report)
    assert [one.tag for one in tree.iter("script", "img", "link", "iframe", "object")] == []
    assert "url(" not in report_page.page(report)
    assert "@import" not in report_page.page(report)


@needs_browser
def test_it_fits_every_window(report: Report, tmp_path: Path) -> None:
    """On a phone and a desk, whatever long words it quotes, nothing sticks out."""
    long = replace(report.findings[0], quote=LONG, message=LONG, cure=LONG)
    off = Off(LONG, LONG, "issue.yaml", 1)
    page = tmp_path / "check.html"
    page.write_text(report_page.page(replace(report, findings=(long,), off=(off,))), encoding="utf-8")
    with browser() as chromium:
        for width in (320, 360, 800, 1280):
            shown = open_page(chromium, page, width=width, dark=False, javascript=True)
            assert shown.evaluate(OVERFLOW) == [], width
            shown.context.close()


@needs_browser
def test_paper_shows_what_is_folded(report: Report, tmp_path: Path) -> None:
    """Nobody can open a fold on paper: why there is a rule is printed, and which were asked; on white."""
    page = tmp_path / "check.html"
    page.write_text(report_page.page(report), encoding="utf-8")
    with browser() as chromium:
        shown = open_page(chromium, page, width=800, dark=True)
        folded = shown.locator("details p, details li").first
        assert not folded.is_visible()
        shown.emulate_media(media="print", color_scheme="dark")
        assert folded.is_visible()
        assert (
            shown.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
        )
        shown.context.close()


def test_sarif_is_as_the_standard_says(report: Report) -> None:
    """Every object has the properties of SARIF 2.1.0, and no others; rules are referred to by their place."""
    off = Off("inbox", "Ein Versuch", "issue.yaml", 2)
    log = sarif.log(replace(report, off=(off,)))
    Draft7Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(log)] == []
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [
        one["ruleId"] for one in run["results"]
    ]
    overridden = [one["descriptor"] for one in run["invocations"][0]["ruleConfigurationOverrides"]]
    assert overridden
    assert all(
        rules[one["index"]]["id"] == one["id"] and one["id"].startswith("inbox.") for one in overridden
    )


def test_sarif_names_places_from_the_newsletters_folder(report: Report) -> None:
    """As web addresses, with lines and columns from 1; nothing tells where the folder lies."""
    log = sarif.log(report)
    [run] = log["runs"]
    finding = _finding(report, "content.dead-link")
    place = next(one for one in run["results"] if one["ruleId"] == finding.rule)["locations"][0][
        "physicalLocation"
    ]
    assert place == {
        "artifactLocation": {"uri": "issues/2024-1/issue.yaml", "uriBaseId": "ROOT"},
        "region": {"startLine": finding.where.line, "startColumn": finding.where.column or 1},
    }
    assert str(report.root) not in str(log)


def test_sarif_names_what_lies_elsewhere_or_has_no_line(report: Report, tmp_path: Path) -> None:
    """A template of the package, a name with a blank, a file as a whole."""
    first = report.findings[0]
    wheres = [Where(tmp_path.parent / "theme" / "a b.mjml", 3), Where(report.root / "neue bilder.png")]
    log = sarif.log(replace(report, findings=tuple(replace(first, where=where) for where in wheres)))
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(log)] == []
    outside, whole = (one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"])
    assert outside["artifactLocation"]["uri"].endswith("/theme/a%20b.mjml")
    assert whole == {"artifactLocation": {"uri": "neue%20bilder.png", "uriBaseId": "ROOT"}}


@pytest.mark.parametrize(
    ("severity", "command"),
    [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.HINT, "notice")],
)
def test_annotations_have_the_commands_of_github(severity: Severity, command: str, report: Report) -> None:
    """Error, warning and notice, with file, line, column and title."""
    where = Where(Path("issues/2024-1/issue.yaml"), 7, 3)
    finding = Finding("content.dead-link", severity, where, "Wrong.", "Cure it.")
    told = list(github.commands(replace(report, findings=(finding,)), Path))
    assert told == [
        f"::{command} file=issues/2024-1/issue.yaml,line=7,col=3,title=content.dead-link::Wrong. Cure it."
    ]


def test_annotations_cannot_be_broken_out_of(report: Report) -> None:
    """Line breaks, per cents, colons and commas in texts and names stay what they are."""
    where = Where(Path("a,b:c%.yaml"))
    finding = Finding("content.dead-link", Severity.ERROR, where, "100 %\n::stop::", "a,\rb: c")
    told = list(github.commands(replace(report, findings=(finding,)), Path))
    assert told == ["::error file=a%2Cb%3Ac%25.yaml,title=content.dead-link::100 %25%0A::stop:: a,%0Db: c"]
