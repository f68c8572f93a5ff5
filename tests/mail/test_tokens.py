"""Tokens: read back as they were made, for one purpose, by whoever has the key, and by nobody else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.tokens import LENGTH, MAX_MAILING, MAX_PERSON, Mint, Purpose
from newsletter.subscribers.secret import Secret

MINT = Mint(Secret(b"k" * 32))
MAILINGS, PERSONS = st.integers(0, MAX_MAILING), st.integers(0, MAX_PERSON)
PURPOSES: tuple[Purpose, ...] = ("unsubscribe", "bounce", "feedback")


@given(MAILINGS, PERSONS)
def test_tokens_are_read_back(mailing: int, person: int) -> None:
    """Each token names mailing and person again, for its own purpose only."""
    tokens = MINT.tokens(mailing, person)
    for made in PURPOSES:
        for asked in PURPOSES:
            wanted = (mailing, person) if made == asked else None
            assert MINT.read(asked, getattr(tokens, made)) == wanted


@given(MAILINGS, PERSONS, st.integers(0, LENGTH - 1), st.sampled_from("0123456789abcdef"))
def test_changed_tokens_are_not_ours(mailing: int, person: int, position: int, digit: str) -> None:
    """A token with another digit anywhere names nobody."""
    token = MINT.tokens(mailing, person).unsubscribe
    changed = token[:position] + digit + token[position + 1 :]
    assert MINT.read("unsubscribe", changed) == ((mailing, person) if changed == token else None)


@pytest.mark.parametrize(
    "token", ["", "0" * 39, "0" * 41, "0" * 40, "F" * 40, "g" * 40, "０" * 40, "0" * 39 + "\n"]
)
def test_other_texts_are_no_tokens(token: str) -> None:
    """What is not of the form, or only of the form, names nobody."""
    assert MINT.read("bounce", token) is None


def test_another_key_makes_other_tokens() -> None:
    """Without the list's key no token can be made or read."""
    assert Mint(Secret(b"j" * 32)).read("bounce", MINT.tokens(1, 1).bounce) is None


def test_tokens_do_not_show_the_numbers() -> None:
    """The tokens of neighbours have nothing in common, so nobody counts subscribers by them."""
    made = [MINT.tokens(1, person).unsubscribe for person in range(1000)]
    for digits in zip(*made, strict=True):
        assert len(set(digits)) == 16
    assert len(set(made)) == 1000


def test_tokens_stay_the_same_for_good() -> None:
    """Letters sent years ago are still understood: fixed by these three."""
    tokens = MINT.tokens(7, 42)
    assert tokens == (
        "6e6130725a05b8d42af366874d0766fd6f1946be",
        "6e6130725a05b8d42af366874d07a1ae7045e709",
        "6e6130725a05b8d42af366874d07e8db24f47bba",
    )
    assert all(re.fullmatch(r"[0-9a-f]{40}", token) for token in tokens)


@pytest.mark.parametrize(("mailing", "person"), [(-1, 1), (1, -1), (MAX_MAILING + 1, 1), (1, MAX_PERSON + 1)])
def test_numbers_have_limits(mailing: int, person: int) -> None:
    """A number that a token cannot hold is refused, never cut."""
    with pytest.raises(OverflowError):
        MINT.tokens(mailing, person)
