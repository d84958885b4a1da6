"""The language of the waivers' file, each key with its meaning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from effaudit.reading.document import shown
from effaudit.reading.plan_fields import Name
from effaudit.reading.policy_model import Amount


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _day(value: Any) -> Any:
    """Any single word is taken: a malformed day is told by the waiver, which then counts as expired."""
    if isinstance(value, (dict, list)):
        raise ValueError(f"expected a day such as 2026-07-31, found {shown(value)}")
    return value


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; say it in words")
    return text


Day = Annotated[Any, PlainValidator(_day, json_schema_input_type=str)]
Words = Annotated[str, AfterValidator(_said)]


class WaiverPart(_Part):
    """One waiver: it moves a rule's limit for some candidates, and ends."""

    id: Name = Field(description="a name to call it by, such as W-14")
    rule: str = Field(description="the id of the policy's rule whose limit it moves")
    match: Words = Field(max_length=200, description="which candidates: a name, or a pattern such as gbm-*")
    limit: Amount = Field(description="the limit that holds instead, in the rule's own unit; looser than the rule's own")
    reason: Words = Field(max_length=1000, description="why it is needed, and what will end it")
    owner: Words = Field(max_length=200, description="who answers for it")
    created: Day = Field(description="its first day, such as 2026-07-01")
    expires: Day = Field(description="its last day, such as 2026-09-28")


class EfficiencyWaivers(_Part):
    """Limits of a policy that are moved for some candidates, for a time."""

    api_version: Literal["effaudit/v1"] = Field(alias="apiVersion", description="the version of this language")
    kind: Literal["EfficiencyWaivers"] = Field(description="what this file is")
    waivers: tuple[WaiverPart, ...] = Field(description="the waivers; `[]` when there are none")
