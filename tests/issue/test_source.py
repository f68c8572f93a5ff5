"""YAML 1.2 with places: what a file means, where each value stands, and what is refused."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import Fault, FaultsFound
from newsletter.issue import source
from newsletter.issue.source import Source, Spot


def _source(folder: Path, content: str | bytes) -> Source:
    path = folder / "issue.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return source.read(path)


def _fault(folder: Path, content: str | bytes) -> Fault:
    """Return the only fault of a file."""
    with pytest.raises(FaultsFound) as caught:
        _source(folder, content)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("14:30", "14:30"),
        ("12:30:45", "12:30:45"),
        ("2023-3", "2023-3"),
        ("2023-08-02", "2023-08-02"),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("+12", 12),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        (".inf", float("inf")),
        ("9" * 5000, float("inf")),
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nil", "nil"),
        ('"no"', "no"),
        ("'14'", "14"),
        ('""', ""),
        ("!!str 14", "14"),
        ("=", "="),
        ("<<", "<<"),
        ("[a, 1, {b: no}]", ["a", 1, {"b": "no"}]),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">\n  a\n  b\n", "a b\n"),
    ],
)
def test_meaning(tmp_path: Path, written: str, meant: object) -> None:
    """A value means what the core schema of YAML 1.2 says, and never what YAML 1.1 made of it."""
    value = _source(tmp_path, f"key: {written}\n").value
    assert value == {"key": meant}
    assert isinstance(value, dict)
    assert type(value["key"]) is type(meant)


def test_yaml_1_1_directive(tmp_path: Path) -> None:
    """A file that asks for YAML 1.1 is read by the same rules."""
    assert _source(tmp_path, "%YAML 1.1\n---\na: no\n").value == {"a": "no"}


def test_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark, as Windows editors write it, counts for nothing, not even for the column."""
    file = _source(tmp_path, "\ufeffa: b\n")
    assert file.value == {"a": "b"}
    assert file.spot(("a",)) == Spot(1, 4)


def test_windows_line_ends(tmp_path: Path) -> None:
    """Lines that end in CRLF count as lines."""
    file = _source(tmp_path, b"a: b\r\nc: |\r\n  x\r\n  y\r\n")
    assert file.value == {"a": "b", "c": "x\ny\n"}
    assert file.spot(("c",)) == Spot(2, 4, body=True)


PLACES = """\
# A comment
title: One
sections:
  - type: letter
    text: |
      Words.
    buttons: [{label: Go, url: "https://x.example"}]
  -   type: quote
      source:
      last:
"""


@pytest.mark.parametrize(
    ("keys", "key", "value"),
    [
        (("title",), Spot(2, 1), Spot(2, 8)),
        (("sections",), Spot(3, 1), Spot(4, 3)),
        (("sections", 0), Spot(4, 5), Spot(4, 5)),
        (("sections", 0, "text"), Spot(5, 5), Spot(5, 11, body=True)),
        (("sections", 0, "buttons", 0, "url"), Spot(7, 27), Spot(7, 32)),
        (("sections", 1, "type"), Spot(8, 7), Spot(8, 13)),
        (("sections", 1, "source"), Spot(9, 7), Spot(9, 7)),
        (("sections", 1, "last"), Spot(10, 7), Spot(10, 7)),
        (("sections", 1, "missing", "deep"), Spot(8, 7), Spot(8, 7)),
    ],
    ids=lambda value: "/".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_places(tmp_path: Path, keys: source.KeyPath, key: Spot, value: Spot) -> None:
    """Keys and values know their line and column; an empty value stands at its key, a missing one around."""
    file = _source(tmp_path, PLACES)
    assert file.spot(keys, at_key=True) == key
    assert file.spot(keys) == value


@pytest.mark.parametrize(
    ("content", "line", "column", "message", "cure"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "“a” stands here twice", "Keep one"),
        ("a: !python/object x\n", 1, 4, "The tag !python/object is not allowed", "quotes"),
        ("a: !Wichtig\n", 1, 4, "The tag !Wichtig is not allowed", "begins with ! needs quotes"),
        ("a: {{ name }}\n", 1, 5, "A key must be a word", "{{ needs quotes"),
        ("a: {{ name }} b\n", 1, 15, "not valid YAML", "{{ needs quotes"),
        ('a: "b" and c\n', 1, 8, "not valid YAML", "quotation mark"),
        ("? [a]\n: b\n", 1, 3, "A key must be a word", "quotes"),
        ("a: b: c\n", 1, 5, "not valid YAML", "“: ” needs quotes"),
        ("a:\n\t- b\n", 2, 1, "not valid YAML", "never with tabs"),
        ("a: 1\nb\nc: 2\n", 3, 1, "not valid YAML", "A key needs “: ”"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "not valid YAML", "same column"),
        ("a: *b\n", 1, 4, "not valid YAML", "begins with * needs quotes"),
        ("a: & b\n", 1, 5, "not valid YAML", "begins with & needs quotes"),
        ("a: @b\n", 1, 4, "not valid YAML", "@, ` or %"),
        ("a: | b\n", 1, 6, "not valid YAML", "| or > needs quotes"),
        ("a: - b\n", 1, 4, "not valid YAML", "begins with - needs quotes"),
        ("a: [b] c\n", 1, 8, "not valid YAML", ""),
        ('a: "b\n', 2, 1, "not valid YAML", "quotation mark is missing"),
        ("a: 1\n---\nb: 2\n", 2, 1, "not valid YAML", "One file holds one issue"),
        ("a: 1\nb: x\0y\n", 2, 5, "does not allow: U+0000", ""),
        ("a: x\x1b[0m\n", 1, 5, "does not allow: U+001B", ""),
        ('a: "\\UFFFFFFFF"\n', 0, 0, "not valid YAML", ""),
        ('ä: 1\nb: "ä"\n'.encode("cp1252"), 1, 1, "not UTF-8", "Save it as UTF-8"),
        ('a: 1\nb: "ä"\n'.encode("cp1252"), 2, 5, "not UTF-8", "Save it as UTF-8"),
        ("a: b\n".encode("utf-16"), 1, 1, "not UTF-8", "Save it as UTF-8"),
        ("", 0, 0, "The file is empty", "newsletter new"),
        ("# only words\n", 0, 0, "The file is empty", "newsletter new"),
        ("---\n", 0, 0, "The file is empty", "newsletter new"),
    ],
    ids=lambda value: repr(value)[:24] if isinstance(value, (str, bytes)) else str(value),
)
def test_refused(
    tmp_path: Path, content: str | bytes, line: int, column: int, message: str, cure: str
) -> None:
    """What is no YAML 1.2 with plain values is one fault, at its place, with a cure."""
    fault = _fault(tmp_path, content)
    assert (fault.where.line, fault.where.column) == (line, column)
    assert message in fault.message
    assert cure in fault.cure
    assert fault.cure or not cure


def test_faults_are_collected(tmp_path: Path) -> None:
    """Duplicate keys and tags are told together, in the order of the file."""
    with pytest.raises(FaultsFound) as caught:
        _source(tmp_path, "a: !x 1\nb: 2\nb: 3\nc: !y 4\n")
    assert [fault.where.line for fault in caught.value.faults] == [1, 3, 4]


def test_alias(tmp_path: Path) -> None:
    """An alias stands for its anchor's value, at the anchor's place, and an anchor may be used again."""
    file = _source(tmp_path, "a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n")
    assert file.value == {"a": [1, 2], "b": [1, 2], "c": 3, "d": 3}
    assert file.spot(("b", 1)) == Spot(1, 11)


def test_merge_key(tmp_path: Path) -> None:
    """`<<` of YAML 1.1 is a key like any other, which no section knows."""
    assert _source(tmp_path, "<<: {a: 1}\nb: 2\n").value == {"<<": {"a": 1}, "b": 2}


def _bomb(width: int = 9, depth: int = 9) -> str:
    lines = [f"k0: &k0 [{', '.join('x' * width)}]"]
    lines += [f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * width)}]" for n in range(1, depth)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (_bomb(), 1, "unfolds to more than 25000 values"),
        ("a: &a [*a]\n", 1, "More than 20 levels"),
        ("[" * 100_000, 1, "More than 20 levels"),
        ("- " * 20_000, 1, "More than 20 levels"),
        ("".join("  " * n + "a:\n" for n in range(22)), 21, "More than 20 levels"),
    ],
    ids=["aliases", "alias of itself", "brackets", "dashes", "blocks"],
)
def test_bomb(tmp_path: Path, content: str, line: int, message: str) -> None:
    """A small file that would unfold without end is refused, in little time."""
    start = time.process_time()
    fault = _fault(tmp_path, content)
    assert time.process_time() - start < 30  # minutes, or no end, without the limits
    assert fault.where.line == line
    assert message in fault.message


def test_depth_allowed(tmp_path: Path) -> None:
    """Twenty levels may be nested."""
    assert _source(tmp_path, "".join("  " * n + "a:\n" for n in range(20))).value


def test_many_values(tmp_path: Path) -> None:
    """Reading stops as soon as there are too many values, and names the line."""
    fault = _fault(tmp_path, "- a\n" * 200_000)
    assert fault.where.line == source.MAX_VALUES


def test_size(tmp_path: Path) -> None:
    """A million bytes are read; one more is refused unread."""
    assert _source(tmp_path, ("#" * 999_994) + "\na: b\n").value == {"a": "b"}
    fault = _fault(tmp_path, ("#" * 999_995) + "\na: b\n")
    assert "larger than 1000000 bytes" in fault.message
    assert "beside the file" in fault.cure


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is a fault that says so."""
    with pytest.raises(FaultsFound, match="cannot be read: No such file or directory"):
        source.read(tmp_path / "issue.yaml")


def test_folder(tmp_path: Path) -> None:
    """A folder in the file's place is a fault."""
    with pytest.raises(FaultsFound, match="cannot be read: Is a directory"):
        source.read(tmp_path)


@pytest.mark.skipif(
    os.geteuid() == 0, reason="root may read everything; tests/cli runs this without its rights"
)
def test_unreadable_file(tmp_path: Path) -> None:
    """A file that may not be read is a fault."""
    path = tmp_path / "issue.yaml"
    path.write_text("a: b\n", encoding="utf-8")
    path.chmod(0)
    with pytest.raises(FaultsFound, match="cannot be read: Permission denied"):
        source.read(path)


YAMLISH = st.lists(
    st.sampled_from(
        [
            *"abc01:-?[]{}&*!|>'\"%@`#,=~<\\.\t\n ",
            "\n  ",
            "- ",
            ": ",
            "---\n",
            "&a ",
            "*a",
            "!!int ",
            "<<",
            "|\n  ",
        ]
    )
    | st.characters(),
    max_size=40,
).map("".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(YAMLISH.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=60)))
def test_anything(tmp_path: Path, content: bytes) -> None:
    """Whatever lies in a file, it is read or refused with faults: no other error, no warning."""
    with contextlib.suppress(FaultsFound):
        file = _source(tmp_path, content)
        assert file.value is not None
        assert () in file.values
