"""The list's numbers as one HTML file: pictures and tables, light and dark, no script, nothing remote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from newsletter.language import Phrases
from newsletter.subscribers.chart import STATUS_NAMES
from newsletter.subscribers.stats import Month, Share, Stats
from newsletter.subscribers.svg import Plot, bars, line

_CSS = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c1c1c;--faint:#5a5a5a;--rule:#d5d5d5;
--more:#0b5cab;--less:#b3400e}
@media(prefers-color-scheme:dark){:root{--paper:#16181b;--ink:#ededed;--faint:#b4b4b4;--rule:#3d4046;
--more:#79b4f2;--less:#f2a07b}}
body{background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;max-width:60rem;
margin:0 auto;padding:1.5rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--faint);font:13px system-ui,sans-serif}
.rule{stroke:var(--rule)}.line{fill:none;stroke:var(--more);stroke-width:2.5;stroke-linejoin:round}
.dot,.more{fill:var(--more)}.less{fill:var(--less)}
.scroll{overflow-x:auto}
table{border-collapse:collapse}caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{padding:.2rem 1.2rem .2rem 0;text-align:left;border-bottom:1px solid var(--rule)}
td,th.n{text-align:right;font-variant-numeric:tabular-nums}
""".strip()


def page(stats: Stats, *, title: str, phrases: Phrases) -> str:
    """Return the page, in the language of the phrases."""
    heading = phrases("Subscribers of {title}").format(title=title)
    body = Markup("\n").join((
        Markup("<h1>{}</h1>\n<p>{}</p>").format(heading, _summary(stats, phrases)),
        _growth(stats.growth, phrases),
        _table(
            phrases("By status"),
            (phrases("Status"), phrases("People")),
            ((phrases(STATUS_NAMES[name]), _number(n, phrases)) for name, n in stats.by_status.items()),
        ),
        _shares(phrases("Domains of the active"), phrases("Domain"), _domains(stats, phrases), phrases),
        _shares(phrases("Tags of the active"), phrases("Tag"), stats.tags, phrases),
        _shares(phrases("Languages of the active"), phrases("Language"), stats.languages, phrases),
    ))  # fmt: skip
    return Markup(
        '<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<title>{title}</title>\n<style>{css}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    ).format(lang=phrases.language, title=heading, css=_CSS, body=body)


def _summary(stats: Stats, phrases: Phrases) -> str:
    return phrases(
        "{active} people get the newsletter; the list has {total} of every status. Counted on {day}."
    ).format(
        active=_number(stats.active, phrases),
        total=_number(stats.total, phrases),
        day=_day(stats.at, phrases),
    )


def _growth(months: Sequence[Month], phrases: Phrases) -> Markup:
    if not months:
        return Markup("<p>{}</p>").format(phrases("Nobody has joined yet."))
    labels = [month.month for month in months]
    first, last = months[0], months[-1]
    active = Plot(
        id="active",
        title=phrases("Active people at the end of each month"),
        description=phrases(
            "From {first} in {start} to {last} in {end}; the numbers are in the table below."
        ).format(
            first=_number(first.active, phrases),
            start=first.month,
            last=_number(last.active, phrases),
            end=last.month,
        ),
        labels=labels,
        number=lambda value: _number(value, phrases),
    )
    change = Plot(
        id="change",
        title=phrases("Joined (up) and left (down) in each month"),
        description=phrases("{joined} joined, {left} left; the numbers are in the table below.").format(
            joined=_number(sum(month.joined for month in months), phrases),
            left=_number(sum(month.left for month in months), phrases),
        ),
        labels=labels,
        number=active.number,
    )
    rows = ((month.month, *(_number(getattr(month, name), phrases) for name in ("joined", "left", "active")))
            for month in reversed(months))  # fmt: skip
    heads = (phrases("Month"), phrases("joined"), phrases("left"), phrases("active at its end"))
    return Markup("\n").join((
        Markup("<h2>{}</h2>\n{}").format(active.title, line(active, [month.active for month in months])),
        Markup("<h2>{}</h2>\n{}").format(
            change.title, bars(change, [month.joined for month in months], [month.left for month in months])
        ),
        _table(phrases("Growth by month"), heads, rows),
    ))  # fmt: skip


def _domains(stats: Stats, phrases: Phrases) -> list[Share]:
    others = [Share(phrases("all others"), stats.other_domains)] if stats.other_domains else []
    return [*stats.domains, *others]


def _shares(caption: str, head: str, shares: Sequence[Share], phrases: Phrases) -> Markup:
    rows = ((share.name or phrases("none given"), _number(share.count, phrases)) for share in shares)
    return _table(caption, (head, phrases("People")), rows) if shares else Markup()


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Write a table whose first column names the row; the others hold numbers."""
    top = Markup().join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="n"') if at else "", head)
        for at, head in enumerate(heads)
    )
    body = Markup("\n").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup().join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{0}"><table>\n<caption>{0}</caption>\n'
        "<thead><tr>{1}</tr></thead>\n<tbody>\n{2}\n</tbody>\n</table></div>"
    ).format(escape(caption), top, body)


def _number(value: int, phrases: Phrases) -> str:
    text = f"{value:,}"
    return text.replace(",", ".") if phrases.language == "de" else text


def _day(iso: str, phrases: Phrases) -> str:
    return ".".join(reversed(iso.split("-"))) if phrases.language == "de" else iso
