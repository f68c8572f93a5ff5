"""What settings are made of: the values that several parts of newsletter.toml share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from newsletter.language import _

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def check_address(value: str) -> str:
    """Accept `local@domain` without control characters; deliverability is not asked here."""
    local, at, domain = value.rpartition("@")
    if not at or not local or "." not in domain or any(c <= " " or c == "\x7f" for c in value):
        raise ValueError(_("“{value}” is no e-mail address").format(value=value))
    return value


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")) or any(c <= " " for c in value):
        raise ValueError(_("“{value}” is no web address; it starts with https://").format(value=value))
    return value


Address = Annotated[str, AfterValidator(check_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class Part(BaseModel):
    """A table of newsletter.toml; unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")
