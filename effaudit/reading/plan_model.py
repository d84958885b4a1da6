"""The plan's language: what may stand in an AuditPlan, each key with its meaning. Its JSON Schema is made from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from effaudit.reading.plan_fields import (
    BatchSizes,
    Bytes,
    Callers,
    Code,
    Column,
    Columns,
    Count,
    Country,
    Cut,
    FilePath,
    Grid,
    Label,
    Money,
    Name,
    NotYet,
    RecipeStep,
    Seconds,
    Share,
    Source,
    Trusted,
    Watts,
    WholeShare,
    Words,
)

SCHEMA_ID = "urn:effaudit:schema:v1:audit-plan"
MOST_COLUMNS = 10
"""Columns that a plan may slice by."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class WorkloadPart(_Part):
    """The rows to ask about, their answers, and how rows depend on each other."""

    train: Source | None = Field(
        default=None, description="rows that models may learn from: a parquet, csv or npz file, or array names with .npy files"
    )
    search: Source | None = Field(default=None, description="rows that steer compression and thresholds, unseen by every candidate")
    certify: Source | None = Field(
        default=None, description="rows that the figures of the record come from, unseen by everything before it"
    )
    data: Source | None = Field(default=None, description="unseen rows, to be cut into search (30 %) and certify (70 %)")
    answer: Columns = Field(description="the column or columns that models answer")
    groups: Column | None = Field(
        default=None, description="rows with the same value of this column stay together, and intervals resample them"
    )
    time: Column | None = Field(default=None, description="rows are ordered by this column; certify is the latest part")
    rows: Literal["independent"] | None = Field(default=None, description="`independent` says that no row has to do with another")
    weights: Column | None = Field(
        default=None, description="the column that says how much each row counts in quality, such as a survey's weights"
    )
    inputs: Columns | None = Field(
        default=None, description="the columns or arrays that models may see; all but answers, groups and time when left out"
    )
    ignore: Columns = Field(default=(), description="columns that no model sees")
    slices: Columns = Field(
        default=(),
        max_length=MOST_COLUMNS,
        description="columns, also ignored ones, whose values tell parts of certify apart: each has quality figures of its own",
    )
    slice_min_rows: int | None = Field(
        default=None, ge=1, le=10**9, description="values of `slices` with fewer certify rows are put together; 100 when left out"
    )
    positive: Label | None = Field(
        default=None,
        description="of two answers the positive one; scores of one class (f1, recall) ask for it unless they are 0 and 1",
    )
    quality: Words = Field(default=(), description="scikit-learn scorers without `neg_`, the first being the primary one")
    batch_sizes: BatchSizes = Field(
        default=(1,), description="rows per timed request; `sweep` tries 1, 2, 4 … until a model's throughput stops growing"
    )
    unit: str = Field(default="", max_length=64, description="what one inference answers, such as row, image or token")
    answer_unit: str = Field(default="", max_length=64, description="the unit of a regression's answer, such as min or EUR")


class MeasurePart(_Part):
    """How to measure."""

    budget: Seconds | None = Field(
        default=None, description="time for the rounds, such as 3 min; starts come on top, and 20 rounds are always played"
    )
    precision: Share | None = Field(default=None, description="wanted half-width of the ratio to the baseline, such as 2 %")
    threads: int | None = Field(default=None, ge=1, le=1024, description="threads that each model may use")
    restarts: int | None = Field(default=None, ge=1, le=100, description="how often each model is loaded anew")
    memory_limit: Bytes | None = Field(default=None, description="memory that one model's process may use, such as 4 GB")
    timeout: Seconds | None = Field(
        default=None, description="the longest that one answer may take, such as 60 s; opening a model may always take 60 s"
    )
    device: Literal["cpu"] | None = Field(default=None, description="where models run; this version measures on the CPU")
    codecarbon: Literal["finalists", "all", "off"] | None = Field(
        default=None, description="whose energy CodeCarbon reads beside the model of it"
    )
    parallel: Callers = Field(
        default=(), description="numbers of callers that ask a model at once, such as [1, 2], for throughput.parallel_N"
    )
    unknown: WholeShare | None = Field(
        default=None, description="the most of a column's values that a model may not know, such as 10 %, for its quality to count"
    )
    resamples: int | None = Field(
        default=None, ge=200, le=100_000, description="resamples of rows or groups behind the intervals of quality"
    )


class CandidatePart(_Part):
    """One model to judge, how it is asked, and how its answer becomes a label."""

    name: Name = Field(description="its name in reports and on the command line")
    title: str = Field(default="", max_length=300, description="free text beside the name")
    path: FilePath = Field(description="the model's file, relative to the plan; `module:function` for Python code")
    format: str | None = Field(default=None, description="the kind of file, when it is not plain from the file")
    trust: Trusted | None = Field(default=None, description="true lets the file run code; a list names the types that it may hold")
    preprocess: FilePath | None = Field(
        default=None, description="a transformer's file that is applied before the model, and counted with it"
    )
    columns: Columns = Field(default=(), description="the columns or arrays that the model is given, in its order")
    dtypes: Words = Field(default=(), description="one numpy dtype for all inputs, or one for each of `columns`; `text` for words")
    input: Literal["frame", "array"] | None = Field(
        default=None, description="is the model given a DataFrame or one array? As it was trained, when left out and it tells"
    )
    output: Literal["probabilities", "logits", "labels", "values"] | None = Field(
        default=None, description="what the model's raw answer is"
    )
    classes: tuple[Label, ...] = Field(default=(), description="the answer that each output stands for, in the model's order")
    threshold: Cut | None = Field(
        default=None, description="the probability from which on an answer is positive; also {at: 0.4, of: CLASS}, {tune: SCORER}"
    )
    files: tuple[FilePath, ...] | None = Field(
        default=None, description="other files that the model reads, to be counted with it; Python code must name them, or []"
    )
    factory: Code | None = Field(default=None, description="`module:function` that builds the network whose weights the file holds")
    threads: int | None = Field(default=None, ge=1, le=1024, description="threads of this model, in place of `measure: threads`")


class CompressPart(_Part):
    """Smaller models to make from a candidate."""

    of: str = Field(description='the candidate to start from; "*" for each that the first technique accepts')
    recipe: tuple[RecipeStep, ...] | None = Field(
        default=None, min_length=1, description="techniques with their options, applied one after the other"
    )
    name: Name | None = Field(default=None, description="the product's name; PARENT-TECHNIQUE… when left out")
    search: NotYet = Field(default=None, description="the search for the smallest; not available in this version")


class AssumptionsPart(_Part):
    """Figures that cannot be measured here; the report repeats them."""

    country: Country | None = Field(default=None, description="the country whose grid is used (ISO 3166 alpha-3), such as FRA")
    grid: Grid | None = Field(default=None, description="carbon intensity of the electricity, such as 56 gCO2e/kWh")
    pue: float | None = Field(default=None, ge=1, le=10, description="power usage effectiveness of the site")
    watts_per_vcpu: Watts | None = Field(default=None, description="watts of one fully busy virtual core")
    idle_watts: Watts | None = Field(default=None, description="watts of the whole machine while it does nothing")
    requests_per_day: Count | None = Field(default=None, description="requests that the service answers in a day")
    price_per_hour: Money | None = Field(default=None, description="price of one hour of the machine, such as 0.10 EUR")


def _rungs(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class AuditPlan(_Part):
    """One audit: the data, the candidates, what to make of them and how to measure."""

    api_version: Literal["effaudit/v1"] = Field(alias="apiVersion", description="the version of this language")
    kind: Literal["AuditPlan"] = Field(description="what this file is")
    name: Name = Field(description="the audit's name; its run folder is called so")
    title: str = Field(default="", max_length=300, description="free text beside the name")
    task: Literal["classification", "regression"] = Field(description="what is answered: classes or numbers")
    workload: WorkloadPart = Field(description="the data")
    measure: MeasurePart = Field(default=MeasurePart(), description="how to measure")
    seed: int = Field(default=0, ge=0, lt=2**32, description="the seed of everything that is drawn")
    candidates: tuple[CandidatePart, ...] = Field(default=(), description="the models to judge")
    ladder: Annotated[tuple[str, ...], BeforeValidator(_rungs, json_schema_input_type=str | list[str])] = Field(
        default=("off",), description="simple models to train and judge too: default, off, or a list of them"
    )
    baseline: str | None = Field(default=None, description="the candidate that the others are compared with")
    compress: tuple[CompressPart, ...] = Field(default=(), description="smaller models to make")
    assumptions: AssumptionsPart = Field(default=AssumptionsPart(), description="figures that cannot be measured here")
    policy: FilePath | None = Field(default=None, description="the policy to judge by: a file, or effaudit:NAME")
    engine: str = Field(default="local", max_length=64, description="where workers run: an engine of `effaudit list engines`")


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an AuditPlan."""
    made = AuditPlan.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **made, "title": "effaudit AuditPlan"}
