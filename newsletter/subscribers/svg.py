"""Two pictures as SVG, described for those who don't see them: a line, and bars up and down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _HEIGHT = 900, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 20, 12, 30
_LABELS = 8
"""Labels below a picture, at most; more would run into each other."""


@dataclass(frozen=True, kw_only=True)
class Plot:
    """What a picture shows."""

    id: str
    title: str
    description: str
    labels: Sequence[str]
    """What stands below each value."""
    number: Callable[[int], str]
    """How numbers are written."""


@dataclass(frozen=True)
class _Scale:
    low: int
    high: int
    step: int
    count: int

    def x(self, at: float) -> float:
        room = _WIDTH - _LEFT - _RIGHT
        return round(_LEFT + room * (at + 0.5) / self.count, 1)

    def y(self, value: float) -> float:
        room = _HEIGHT - _TOP - _BOTTOM
        return round(_TOP + room * (self.high - value) / (self.high - self.low), 1)


def line(plot: Plot, values: Sequence[int]) -> Markup:
    """Draw a line through values, above zero."""
    scale = _scale(0, max(values), len(values))
    points = " ".join(f"{scale.x(at)},{scale.y(value)}" for at, value in enumerate(values))
    drawing = Markup('<polyline class="line" points="{}"/>').format(points)
    end = Markup('<circle class="dot" cx="{}" cy="{}" r="4"/>').format(
        scale.x(len(values) - 1), scale.y(values[-1])
    )
    return _picture(plot, scale, drawing + end)


def bars(plot: Plot, up: Sequence[int], down: Sequence[int]) -> Markup:
    """Draw for each label a bar up from zero and one down."""
    scale = _scale(-max(down), max(up), len(up))
    width = max(round((_WIDTH - _LEFT - _RIGHT) / len(up) * 0.7, 1), 0.5)
    pairs = enumerate(zip(up, down, strict=True))
    drawing = Markup().join(
        _bar("more", scale, at, width, 0, more) + _bar("less", scale, at, width, -fewer, 0)
        for at, (more, fewer) in pairs
    )
    return _picture(plot, scale, drawing)


def _bar(kind: str, scale: _Scale, at: int, width: float, low: int, high: int) -> Markup:
    if low == high:
        return Markup()
    top, bottom = scale.y(high), scale.y(low)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        kind, round(scale.x(at) - width / 2, 1), top, width, round(bottom - top, 1)
    )


def _picture(plot: Plot, scale: _Scale, drawing: Markup) -> Markup:
    return Markup(
        '<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-title {id}-desc">\n'
        '<title id="{id}-title">{title}</title>\n<desc id="{id}-desc">{text}</desc>\n'
        "{axes}\n{drawing}\n</svg>"
    ).format(
        width=_WIDTH,
        height=_HEIGHT,
        id=plot.id,
        title=plot.title,
        text=plot.description,
        axes=_axes(plot, scale),
        drawing=drawing,
    )


def _axes(plot: Plot, scale: _Scale) -> Markup:
    rules = [
        _rule(scale.y(value), plot.number(abs(value)))
        for value in range(scale.low, scale.high + 1, scale.step)
    ]
    every = -(-len(plot.labels) // _LABELS)
    names = [
        Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(scale.x(at), _HEIGHT - 8, label)
        for at, label in enumerate(plot.labels)
        if at % every == 0
    ]
    return Markup("\n").join((*rules, *names))


def _rule(y: float, label: str) -> Markup:
    return Markup(
        '<line class="rule" x1="{}" x2="{}" y1="{y}" y2="{y}"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>'
    ).format(_LEFT, _WIDTH - _RIGHT, _LEFT - 8, y + 4, label, y=y)


def _scale(low: int, high: int, count: int) -> _Scale:
    """Choose a scale of round numbers around both, with some four steps."""
    rough = max((high - low) / 4, 1)
    tens = 10 ** (len(str(int(rough))) - 1)
    step = next(int(tens * factor) for factor in (1, 2, 5, 10) if tens * factor >= rough)
    return _Scale(step * (low // step), step * max(-(-high // step), 1), step, count)
