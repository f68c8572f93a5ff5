"""What SARIF 2.1.0 says about the objects that we write, as JSON Schema; numbers are its sections.

No other properties are allowed than those we write, each with the type and the values of the standard.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_BAG = {"type": "object"}
_INDEX = {"type": "integer", "minimum": 0}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_LANGUAGE = {"type": "string", "pattern": "^[a-z]{2}(-[A-Z]{2})?$"}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_MESSAGE = _object({"text": _TEXT})  # 3.11, 3.12
_RULE = _object(  # 3.49 reportingDescriptor
    {
        "id": _TEXT,
        "shortDescription": _MESSAGE,
        "fullDescription": _MESSAGE,
        "defaultConfiguration": _object({"level": _LEVEL}),  # 3.50
        "helpUri": {"type": "string", "pattern": "^https://[^ ]+$"},
        "properties": _BAG,
    },
    optional=("helpUri",),
)
_ARTIFACT = _object(  # 3.4 artifactLocation: a reference to a base must be relative, without one absolute
    {"uri": {"type": "string", "pattern": "^[^ \\\\]+$"}, "uriBaseId": _TEXT}, optional=("uriBaseId",)
)
_REGION = _object(  # 3.30: lines and columns count from 1
    {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}}
)
_PLACE = _object({"artifactLocation": _ARTIFACT, "region": _REGION}, optional=("region",))  # 3.29
_RESULT = _object(  # 3.27
    {
        "ruleId": _TEXT,
        "ruleIndex": _INDEX,
        "level": _LEVEL,
        "message": _MESSAGE,
        "locations": _list(_object({"physicalLocation": _PLACE})),
        "properties": _BAG,
    }
)
_OVERRIDE = _object(  # 3.51
    {
        "descriptor": _object({"id": _TEXT, "index": _INDEX}),  # 3.52
        "configuration": _object({"enabled": {"type": "boolean"}, "properties": _BAG}),
    }
)
_INVOCATION = _object(  # 3.20
    {
        "executionSuccessful": {"type": "boolean"},
        "endTimeUtc": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},  # 3.9
        "ruleConfigurationOverrides": _list(_OVERRIDE),
    }
)
_DRIVER = _object(  # 3.19 toolComponent
    {
        "name": _TEXT,
        "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
        "language": _LANGUAGE,
        "rules": {**_list(_RULE), "uniqueItems": True},
    }
)
_RUN = _object(  # 3.14
    {
        "tool": _object({"driver": _DRIVER}),
        "language": _LANGUAGE,
        "invocations": _list(_INVOCATION),
        "originalUriBaseIds": {  # 3.14.14: what it stands for may be left to who reads it
            "type": "object",
            "additionalProperties": _object({"description": _MESSAGE}),
        },
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": _list(_RESULT),
        "properties": _BAG,
    }
)
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **_object(  # 3.13
        {
            "$schema": {"const": "https://json.schemastore.org/sarif-2.1.0.json"},
            "version": {"const": "2.1.0"},
            "runs": {**_list(_RUN), "minItems": 1},
        }
    ),
}
