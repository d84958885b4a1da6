"""The policy's language: what may stand in an EfficiencyPolicy, each key with its meaning. Its JSON Schema is made from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from effaudit.core.candidate import Family
from effaudit.core.policy import MACHINE_FACTS
from effaudit.core.verdict import Reason
from effaudit.reading.document import shown
from effaudit.reading.plan_fields import Columns, FilePath, Name, quantity

OFF = "off"
SCHEMA_ID = "urn:effaudit:schema:v1:efficiency-policy"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _amount(value: Any) -> str | float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"expected a number with its unit, such as 25 ms, 50 MB or 1 pp; found {shown(value)}")
    return value


def _band(value: Any) -> float:
    if value in (0, "0 %", "0%") and not isinstance(value, bool):
        return 0.0
    return quantity(value, "%", "2 %")


def _fact(value: Any) -> str | int:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"expected a word or a whole number, found {shown(value)}")
    return value


def _ties(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else (value,)


def _baseline(value: Any) -> str:
    """`plan`, or `file:RECORD#NAME`."""
    if value == "plan":
        return "plan"
    if not isinstance(value, str) or not value.startswith(STORED) or not all(value.removeprefix(STORED).rpartition("#")[::2]):
        raise ValueError(f"expected `plan`, or a stored record and one of its candidates: `file:RECORD#NAME`; found {shown(value)}")
    return value


STORED = "file:"
Amount = Annotated[str | float, PlainValidator(_amount, json_schema_input_type=str | float)]
Band = Annotated[float, BeforeValidator(_band, json_schema_input_type=str)]
Fact = Annotated[str | int, PlainValidator(_fact, json_schema_input_type=str | int)]
Ties = Annotated[tuple[str, ...], BeforeValidator(_ties, json_schema_input_type=str | list[str])]


class MetadataPart(_Part):
    """Whose policy this is."""

    name: Name = Field(description="the policy's name")
    title: str = Field(default="", max_length=300, description="free text beside the name")
    owner: str = Field(default="", max_length=300, description="who answers for it; for readers of the file")


class EvidencePart(_Part):
    """How much evidence a pass needs."""

    confidence_level: float = Field(
        default=0.95, gt=0.5, lt=1, description="one-sided: a false pass happens at most 1 − this often per rule"
    )
    multiple_comparisons: Literal["holm", "none"] = Field(default="holm", description="the correction across candidates")
    on_inconclusive: Literal["fail", "warn"] = Field(default="fail", description="what an error rule that is not decided counts as")


class TargetPart(_Part):
    """A metric and one limit."""

    metric: str | None = Field(default=None, description="the id of a metric, such as size.artifact or latency.batch_1")
    aggregate: str | None = Field(default=None, description="which statistic of the metric, such as p95")
    min: Amount | None = Field(default=None, description="at least so much")
    max: Amount | None = Field(default=None, description="at most so much")
    max_drop: Amount | None = Field(default=None, description="so much worse than `versus` at most, where higher is better")
    max_increase: Amount | None = Field(default=None, description="so much worse than `versus` at most, where lower is better")
    versus: Name | None = Field(default=None, description="what a relative limit compares with: baseline (default), or a candidate")
    warn_above: Amount | None = Field(default=None, description="from which figure on a pass is a warning")
    method: Literal["measured"] | None = Field(default=None, description="`measured` refuses modelled figures")


class ForEachPart(_Part):
    """Parts of the certify rows in each of which a rule must hold."""

    slice: Columns = Field(min_length=1, max_length=10, description="columns that the plan's `slices` name; each of their slices")


class RulePart(TargetPart):
    """One target: a metric and one limit, or alternatives of which one is enough."""

    any: Annotated[tuple[TargetPart, ...], BeforeValidator(_ties)] | None = Field(
        default=None, min_length=2, max_length=8, description="alternatives, each a metric and a limit: one of them is enough"
    )
    for_each: ForEachPart | None = Field(
        default=None, description="for quality metrics: the rule must hold in each slice of these columns"
    )
    severity: Literal["error", "warn"] = Field(default="error", description="does a fail exclude the candidate, or only warn?")
    waivable: bool = Field(default=True, description="may a waiver move its limit?")
    hint: str = Field(default="", max_length=500, description="what to try when it fails")


class SelectPart(_Part):
    """Which of the candidates that meet all error rules is recommended."""

    minimize: str = Field(
        default="size.artifact", description="the figure to minimise, such as size.artifact or latency.batch_1.p50"
    )
    equal_within: Band = Field(default=0.02, description="figures this close to the best count as equal, such as 2 %")
    tie_break: Ties = Field(default=("simple_first",), description="what decides among equals, in order: simple_first, or metrics")


class MatchPart(_Part):
    """Which candidates: those that fit all that is said."""

    candidate: str | None = Field(default=None, min_length=1, max_length=200, description="their names, as a glob such as edge-*")
    format: str | None = Field(default=None, description="their format, such as onnx")
    family: Family | None = Field(default=None, description="what kind of model they are, such as tree or network")


class OverridePart(_Part):
    """Other limits for some candidates."""

    match: MatchPart = Field(description="the candidates that it is for")
    rules: dict[Name, RulePart] = Field(description="what changes, rule by rule; `off` where a rule is not for them")


class WaiversPart(_Part):
    """Where waivers stand."""

    file: FilePath = Field(description="the file with the waivers, relative to this one")
    max_days: int = Field(default=90, ge=1, le=3660, description="so many days a waiver may last")


class EfficiencyPolicy(_Part):
    """What a model must meet, and which of those that meet it is preferred."""

    api_version: Literal["effaudit/v1"] = Field(alias="apiVersion", description="the version of this language")
    kind: Literal["EfficiencyPolicy"] = Field(description="what this file is")
    metadata: MetadataPart = Field(description="whose policy this is")
    valid_on: dict[str, Fact] = Field(
        default={},
        description="the machine that its limits on time, memory and energy are meant for",
        json_schema_extra={"propertyNames": {"enum": list(MACHINE_FACTS)}},
    )
    evidence: EvidencePart = Field(default=EvidencePart(), description="how much evidence a pass needs")
    extends: Ties = Field(default=(), description="policies that this one builds on: effaudit:NAME or files; later ones win")
    baseline: Annotated[str, PlainValidator(_baseline, json_schema_input_type=str)] = Field(
        default="plan", description="what relative rules compare with: the plan's baseline, or file:RECORD#NAME"
    )
    rules: dict[Name, RulePart] = Field(min_length=1, description="the targets, each under a stable id")
    overrides: tuple[OverridePart, ...] = Field(default=(), description="other limits for some candidates; later ones win")
    select: SelectPart = Field(default=SelectPart(), description="which candidate is recommended")
    waivers: WaiversPart | None = Field(default=None, description="where waivers stand")


_REASON = "Why a check is inconclusive, in the words of JSON, SARIF and JUnit; what each means stands in docs/policies.md."


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an EfficiencyPolicy's file, which may leave out what it inherits."""
    made = EfficiencyPolicy.model_json_schema(by_alias=True)
    made["required"].remove("rules")
    for holder in (made, made["$defs"]["OverridePart"]):
        rules = holder["properties"]["rules"]
        rules.pop("minProperties", None)
        [(pattern, rule)] = rules["patternProperties"].items()
        rules["patternProperties"] = {pattern: {"anyOf": [rule, {"const": OFF}]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **made,
        "$defs": made["$defs"] | {"Reason": {"description": _REASON, "enum": list(get_args(Reason))}},
        "title": "effaudit EfficiencyPolicy",
    }
