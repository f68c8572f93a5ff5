"""The list in numbers: sums that fit, a picture for the terminal, a page that stands alone."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from newsletter import language
from newsletter.language import Phrases
from newsletter.subscribers import chart, stats, stats_page
from newsletter.subscribers.list import SubscriberList
from newsletter.subscribers.stats import Month, Share, Stats
from tests.subscribers import crowd

NOW = datetime(2024, 4, 10, 12, tzinfo=UTC)


def _counted(people: SubscriberList) -> Stats:
    return stats.counted(people, now=NOW)


def _at(month: int, day: int = 10) -> str:
    return f"2024-{month:02}-{day:02}T12:00:00+00:00"


def test_months_and_sums(tmp_path: Path) -> None:
    """Each month has who joined, who left and who was active at its end, those without any too."""
    with crowd.opened_list(tmp_path) as people:
        for number, month in enumerate((1, 1, 2)):
            crowd.join(people, f"p{number}@one.example", joined_at=_at(month))
        crowd.note(people, 3, "unsubscribed", _at(4))
        people.db.conn.execute("UPDATE subscriber SET status = 'unsubscribed' WHERE id = 3")
        found = _counted(people)
    assert found.growth == (
        Month("2024-01", 2, 0, 2),
        Month("2024-02", 1, 0, 3),
        Month("2024-03", 0, 0, 3),
        Month("2024-04", 0, 1, 2),
    )
    assert found.active == 2
    assert found.by_status == {"pending": 0, "active": 2, "unsubscribed": 1, "bounced": 0, "complained": 0}


@pytest.mark.parametrize(
    ("kinds", "joined", "left"),
    [
        (["unsubscribed", "complained"], 1, 1),
        (["bounced", "unsubscribed"], 1, 1),
        (["unsubscribed", "pending", "active"], 2, 1),
        (["unsubscribed", "pending", "expired"], 1, 1),
        (["changed", "edited"], 1, 0),
        (["erased"], 1, 1),
        (["removed"], 1, 1),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_who_has_left_leaves_once(tmp_path: Path, kinds: list[str], joined: int, left: int) -> None:
    """Only the step out of the active counts as leaving, only the step into them as joining."""
    with crowd.opened_list(tmp_path) as people:
        number = crowd.join(people, "a@one.example", joined_at=_at(1))
        for place, kind in enumerate(kinds):
            crowd.note(people, number, kind, _at(2, place + 1))
        months = _counted(people).growth
    assert sum(month.joined for month in months) == joined
    assert sum(month.left for month in months) == left


@pytest.mark.parametrize(
    ("kinds", "joined"), [(["expired"], 0), (["active"], 1), ([], 0), (["active", "erased"], 1)]
)
def test_who_never_confirmed_never_joined(tmp_path: Path, kinds: list[str], joined: int) -> None:
    """A sign-up counts when it is confirmed; forgetting what it said does not change that."""
    with crowd.opened_list(tmp_path) as people:
        number = crowd.join(people, "a@one.example", joined_at=_at(1), status="pending")
        for place, kind in enumerate(kinds):
            crowd.note(people, number, kind, _at(2, place + 1))
        if "expired" in kinds or "erased" in kinds:
            people.forget(number)
        assert sum(month.joined for month in _counted(people).growth) == joined


@pytest.mark.parametrize("known", [True, False], ids=["erased", "only forgotten"])
def test_the_erased_have_joined_and_left(tmp_path: Path, *, known: bool) -> None:
    """A person who was active stays in the growth when nothing personal is left of them."""
    with crowd.opened_list(tmp_path) as people:
        number = crowd.join(people, "a@one.example", joined_at=_at(1))
        people.forget(number)
        if known:
            crowd.note(people, number, "erased", _at(3))
        months = {month.month: (month.joined, month.left) for month in _counted(people).growth}
    assert months["2024-01"] == (1, 0)
    assert months["2024-03"] == (0, int(known))


def test_months_are_local(tmp_path: Path) -> None:
    """Who joins half an hour after midnight in Berlin joins in the new month."""
    with crowd.opened_list(tmp_path) as people:
        crowd.join(people, "a@one.example", joined_at="2024-01-31T23:30:00+00:00")
        assert [month.month for month in _counted(people).growth if month.joined] == ["2024-02"]


def test_domains_tags_and_languages(tmp_path: Path) -> None:
    """Of the active: the largest first, alike ones by name; what does not fit is summed up."""
    with crowd.opened_list(tmp_path) as people:
        for number, domain in enumerate(["b.example", "a.example", "c.example", "c.example"]):
            crowd.join(
                people, f"p{number}@{domain}", tags=["x", "y"][: number % 3], language="de" if number else ""
            )
        crowd.join(people, "gone@c.example", status="unsubscribed", tags=["z"])
        found = stats.counted(people, now=NOW, top=2)
    assert found.domains == (Share("c.example", 2), Share("a.example", 1))
    assert found.other_domains == 1
    assert found.tags == (Share("x", 2), Share("y", 1))
    assert found.languages == (Share("de", 3), Share("", 1))
    assert found.total == 5


def test_the_json_is_stable(tmp_path: Path) -> None:
    """The keys that other programs rely on."""
    with crowd.opened_list(tmp_path) as people:
        crowd.join(people, "a@one.example", joined_at=_at(4))
        told = _counted(people).as_dict()
    assert told == {
        "at": "2024-04-10",
        "total": 1,
        "active": 1,
        "by_status": {"pending": 0, "active": 1, "unsubscribed": 0, "bounced": 0, "complained": 0},
        "growth": [{"month": "2024-04", "joined": 1, "left": 0, "active": 1}],
        "domains": [{"name": "one.example", "count": 1}],
        "other_domains": 0,
        "tags": [],
        "languages": [{"name": "", "count": 1}],
    }


STATUSES = st.sampled_from(["unsubscribed", "bounced", "complained", "pending", "active"])
STEPS = st.lists(st.tuples(st.integers(0, 3), STATUSES, st.integers(1, 4)), max_size=12)


@given(steps=STEPS)
@rules(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_growth_ends_at_the_active(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]]
) -> None:
    """Whatever happened to people, the sum of joining and leaving is those who are active now."""
    with crowd.opened_list(tmp_path_factory.mktemp("growth")) as people:
        numbers = [crowd.join(people, f"p{one}@one.example", joined_at=_at(1)) for one in range(4)]
        for person, status, month in sorted(steps, key=lambda step: step[2]):
            crowd.note(people, numbers[person], status, _at(month))
            people.db.conn.execute("UPDATE subscriber SET status = ? WHERE id = ?", (status, numbers[person]))
        found = _counted(people)
    assert found.growth[-1].active == found.active


def _stats(months: int = 3, name: str = "kreis.example") -> Stats:
    return Stats(
        at="2024-04-10",
        total=1234,
        by_status={"pending": 0, "active": 1200, "unsubscribed": 30, "bounced": 4, "complained": 0},
        growth=tuple(
            Month(f"20{20 + at // 12}-{at % 12 + 1:02}", at * 7, at, at * 6) for at in range(months)
        ),
        domains=(Share(name, 700), Share("x.example", 1)),
        other_domains=499,
        tags=(),
        languages=(Share("de", 1199), Share("", 1)),
    )


@pytest.mark.parametrize("width", [10, 40, 80, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "cp437"])
def test_the_plot_fits_any_terminal(width: int, encoding: str) -> None:
    """No line is wider than the terminal, and its encoding can show every character."""
    text = chart.drawn(_stats(30, "行政" * 40 + ".example"), width=width, encoding=encoding)
    assert text.encode(encoding)
    assert max(sum(map(chart._width, line)) for line in text.splitlines()) <= max(width, chart.NARROWEST)  # noqa: SLF001
    assert ("█" in text) == (encoding == "utf-8")
    assert ("#" in text) == (encoding != "utf-8")


def test_the_plot_in_full() -> None:
    """The picture as it stands on a terminal of 60 columns, in plain characters."""
    assert chart.drawn(_stats(), width=60, encoding="ascii").splitlines()[:11] == [
        "Status",
        "  pending          0",
        "  active        1200  ######################################",
        "  unsubscribed    30  #",
        "  bounced          4",
        "  complained       0",
        "",
        "Active people at the end of each month",
        "  2020-01  +0   -0   0",
        "  2020-02  +7   -1   6  ##################",
        "  2020-03  +14  -2  12  ####################################",
    ]


def test_the_plot_steers_no_terminal() -> None:
    """A domain with control characters is shown without them."""
    assert "\x1b" not in chart.drawn(_stats(1, "\x1b[31mred"))


def test_an_empty_list_has_a_picture(tmp_path: Path) -> None:
    """Nobody is a number, too."""
    with crowd.opened_list(tmp_path) as people:
        found = _counted(people)
    assert found.growth == ()
    assert "Status" in chart.drawn(found)
    assert "Nobody has joined yet." in stats_page.page(found, title="T", phrases=Phrases("en"))


@pytest.mark.parametrize("months", [1, 2, 30, 400])
def test_the_page_stands_alone(months: int) -> None:
    """No script, nothing loaded, pictures with title and description, a table with every month."""
    text = stats_page.page(_stats(months), title="Stadt & Land", phrases=Phrases("en"))
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "Stadt &amp; Land" in text
    assert "prefers-color-scheme:dark" in text
    start, end = text.index("<main>"), text.index("</main>") + len("</main>")
    main = ET.fromstring(text[start:end])  # noqa: S314 (our own)
    pictures = list(main.iter("svg"))
    assert len(pictures) == 2
    for picture in pictures:
        title, words = picture[0], picture[1]
        assert picture.get("role") == "img"
        assert picture.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
        assert title.text
        assert words.text
    growth = next(table for table in main.iter("table") if table.findtext("caption") == "Growth by month")
    assert len(growth.findall("tbody/tr")) == months


def test_drawings_stay_inside() -> None:
    """Every bar and every point lies within the picture."""
    text = stats_page.page(_stats(60), title="T", phrases=Phrases("en"))
    main = ET.fromstring(text[text.index("<main>") : text.index("</main>") + 7])  # noqa: S314 (our own)
    for rect in main.iter("rect"):
        x, y, width, height = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= 900
        assert 0 <= y <= y + height <= 300
    points = next(main.iter("polyline")).get("points", "").split()
    assert len(points) == 60
    assert all(0 <= float(number) <= 900 for point in points for number in point.split(","))


def test_names_are_escaped() -> None:
    """What people write never becomes HTML."""
    text = stats_page.page(_stats(1, "<b>x</b>"), title="<i>", phrases=Phrases("en"))
    assert "<b>" not in text
    assert "<i>" not in text


def test_the_page_speaks_german() -> None:
    """German pages write numbers and days the German way."""
    language.use("en")
    text = stats_page.page(_stats(), title="T", phrases=Phrases("de"))
    assert '<html lang="de">' in text
    assert "1.200" in text
    assert "10.04.2024" in text
