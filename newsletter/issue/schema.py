"""The issue format as JSON Schema, from the same models that validate, for completion in editors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from newsletter.issue import section_type
from newsletter.issue.reader import Head
from newsletter.issue.section_type import SectionType, Told
from newsletter.language import _, editor
from newsletter.settings_model import Settings

FILENAME = "issue.schema.json"


def schema(settings: Settings, folders: Sequence[Path]) -> dict[str, Any]:
    """Return the schema of issue.yaml for a newsletter: its section types and its segments.

    A section is told apart by `if`/`then` on its type, since editors complete and explain that better
    than a choice of alternatives.
    """
    types = [section_type.load(name, folders) for name in section_type.names(folders)]
    definitions: dict[str, Any] = {}
    rules = [_rule(kind, definitions, sorted(settings.segments)) for kind in types]
    head = _without_defaults(Head.model_json_schema())
    definitions |= head.pop("$defs", {})
    for part in head["properties"].values():
        text = part["description"]
        part["description"] = _(text)
    head["properties"]["sections"]["items"] = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": [kind.name for kind in types], "description": _choice(types)}},
        "allOf": rules,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **head,
        "title": settings.newsletter.title,
        "description": _("The keys of issue.yaml outside its sections."),
        "definitions": definitions,
    }


def as_text(settings: Settings, folders: Sequence[Path]) -> str:
    """Return the schema as the text of a file."""
    text = json.dumps(schema(settings, folders), ensure_ascii=False, indent=2)
    return text.replace("#/$defs/", "#/definitions/") + "\n"


def _rule(kind: SectionType, definitions: dict[str, Any], segments: list[str]) -> dict[str, Any]:
    part = _without_defaults(kind.model.model_json_schema())
    definitions |= part.pop("$defs", {})
    part["properties"]["type"] = {"const": kind.name}
    part["title"] = _told(kind.title)
    part["description"] = _told(kind.help)
    for key in ("only", "not"):
        one = {"enum": segments}
        part["properties"][key] = {"anyOf": [one, {"type": "array", "items": one}]}
    # With a hyphen, since the parts of a section are called section_NAME_FIELD.
    definitions[f"section-{kind.name}"] = part
    return {
        "if": {"properties": {"type": {"const": kind.name}}},
        "then": {"$ref": f"#/definitions/section-{kind.name}"},
    }


def _without_defaults(part: Any) -> Any:
    """Leave out that a missing key counts as null: a null that is written is a fault."""
    if isinstance(part, dict):
        return {
            key: _without_defaults(value)
            for key, value in part.items()
            if not (key == "default" and value in (None, "", []))
        }
    return [_without_defaults(value) for value in part] if isinstance(part, list) else part


def _choice(types: Sequence[SectionType]) -> str:
    return "; ".join(f"{kind.name}: {_told(kind.title)}" for kind in types)


def _told(texts: Told) -> str:
    return texts.get("de" if editor() == "de" else "en") or texts.get("en") or ""
