"""Colours as CSS writes them, and contrast as WCAG defines it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from newsletter.check.css.colours import BLACK, CLEAR, WHITE, Colour, contrast, parse

CHANNEL = st.integers(0, 255)
COLOURS = st.builds(Colour, CHANNEL, CHANNEL, CHANNEL, st.just(1.0))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#fff", WHITE),
        ("#0B6474", Colour(11, 100, 116)),
        ("#00000080", Colour(0, 0, 0, 128 / 255)),
        ("rgb(11, 100, 116)", Colour(11, 100, 116)),
        ("rgb(11 100 116 / 50%)", Colour(11, 100, 116, 0.5)),
        ("rgba(100%, 0%, 0%, .25)", Colour(255, 0, 0, 0.25)),
        ("hsl(120, 100%, 50%)", Colour(0, 255, 0)),
        ("RebeccaPurple", Colour(102, 51, 153)),
        ("transparent", CLEAR),
        ("url(x.png)", None),
        ("#12345", None),
        ("rgb(a, b, c)", None),
        ("inherit", None),
    ],
)
def test_colours_are_read_in_every_notation(text: str, wanted: Colour | None) -> None:
    """And what is none is told apart."""
    assert parse(text) == wanted


@pytest.mark.parametrize("name", sorted(ImageColor.colormap))
def test_every_named_colour_is_the_one_that_others_know(name: str) -> None:
    """Judged by Pillow's table."""
    assert parse(name) == Colour(*ImageColor.getrgb(name))


def test_contrast_of_known_pairs() -> None:
    """Figures of WebAIM's calculator: #767676 is the lightest grey on white that passes, #777 does not."""
    assert contrast(BLACK, WHITE) == 21
    assert contrast(Colour(118, 118, 118), WHITE) == pytest.approx(4.54, abs=0.005)
    assert contrast(Colour(119, 119, 119), WHITE) == pytest.approx(4.48, abs=0.005)


@given(COLOURS, COLOURS)
def test_contrast_has_no_direction_and_stays_in_bounds(one: Colour, other: Colour) -> None:
    """Text on ground and ground on text are alike."""
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21


@given(COLOURS)
def test_a_colour_is_read_as_it_is_written(colour: Colour) -> None:
    """Six digits carry every colour."""
    assert parse(str(colour)) == colour


def test_half_of_black_over_white_is_grey() -> None:
    """What shows through is mixed in."""
    assert str(BLACK.faded(0.5).over(WHITE)) == "#808080"
    assert WHITE.over(BLACK) == WHITE
