"""The plan's `compress:` as recipes, each checked as a chain: every technique accepts what the step before it makes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter, ValidationError

from effaudit.core.candidate import Candidate, Step
from effaudit.core.plan import EVERY, Job
from effaudit.core.plugin import Technique
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.reading.desk import Desk
from effaudit.reading.document import problems
from effaudit.reading.plan_fields import NAME, RESERVED
from effaudit.reading.plan_model import CompressPart
from effaudit.reading.yaml_text import Keys

PRODUCT_LIMIT = 10_000


@dataclass(frozen=True)
class Parent:
    """What a recipe may start from. `format` is "" where it is not known yet."""

    name: str
    format: str = ""


@dataclass(frozen=True)
class _Link:
    """A step with its technique, ready to be asked what it accepts."""

    step: Step
    technique: Technique

    @property
    def name(self) -> str:
        return self.step.technique


def read_recipes(
    parts: Sequence[CompressPart], candidates: Sequence[Candidate], ladder: Sequence[Job], desk: Desk
) -> tuple[Job, ...]:
    """The products that the recipes make, parents first; faults are noted on the desk."""
    given = [Parent(candidate.name, candidate.artifact.format) for candidate in candidates]
    parents = {parent.name: parent for parent in [*given, *(Parent(job.name) for job in ladder)]}
    taken = {name.casefold() for name in (*parents, *RESERVED)}
    jobs: list[Job] = []
    for place, part in enumerate(parts):
        keys: Keys = ("compress", place)
        if part.recipe is None:
            desk.fault("`recipe` is missing", *keys, advice="Write the techniques to apply, as in recipe: [{to_onnx: {}}].")
            continue
        chain = _chain(part.recipe, desk, keys)
        _check_splits(chain, desk, keys)
        starts = _starts(part, given, parents, chain, desk, keys)
        if len(jobs) + len(starts) > PRODUCT_LIMIT:
            desk.fault(f"more than {PRODUCT_LIMIT:,} products", *keys, advice="Write recipes for the candidates that matter.")
            break
        for parent in starts:
            name = _product(part, parent, part.recipe)
            _check_name(name, taken, desk, keys)
            taken.add(name.casefold())
            parents[name] = Parent(name, _result(parent, chain, desk, keys))
            jobs.append(Job(name, parent.name, tuple(link.step for link in chain)))
    return tuple(jobs)


def _product(part: CompressPart, parent: Parent, steps: Sequence[Step]) -> str:
    """The recipe's own name where it makes one product, or PARENT-TECHNIQUE-TECHNIQUE…"""
    own = None if part.of == EVERY else part.name
    return own or "-".join([parent.name, *(step.technique for step in steps)])


def _chain(steps: Sequence[Step], desk: Desk, keys: Keys) -> list[_Link]:
    """The steps with their techniques; none when one of them could not be read."""
    links = [_link(step, desk, *keys, "recipe", place) for place, step in enumerate(steps)]
    return [link for link in links if link is not None] if all(links) else []


def _link(step: Step, desk: Desk, *keys: str | int) -> _Link | None:
    if not desk.one_of(step.technique, desk.known.techniques, "technique", *keys):
        return None
    kind = desk.known.technique(step.technique)
    options = (*keys, step.technique)
    if not _known_options(step, kind, desk, options):
        return None
    adapter = _adapter(kind)
    try:
        technique = adapter.validate_json(json.dumps(step.options), strict=True)
    except ValidationError as error:
        desk.faults.extend(problems(error, desk.document, options, adapter.json_schema()))
        return None
    return _Link(Step(step.technique, {name: getattr(technique, name) for name in step.options}), technique)


@cache
def _adapter(kind: type[Technique]) -> TypeAdapter[Technique]:
    return TypeAdapter(kind)


def _known_options(step: Step, kind: type[Technique], desk: Desk, keys: Keys) -> bool:
    fields: set[str] = {field.name for field in dataclasses.fields(kind) if field.init} if dataclasses.is_dataclass(kind) else set()
    unknown = [name for name in step.options if name not in fields]
    for name in unknown:
        known = did_you_mean(name[:80], fields) if fields else " It has none."
        desk.fault(f"{step.technique} has no option {one_line(name, 80)!r}.{known}", *keys, name)
    return not unknown


def _check_splits(chain: Sequence[_Link], desk: Desk, keys: Keys) -> None:
    if desk.document.tree["workload"].get("train") is not None:
        return
    for place, link in enumerate(chain):
        if "train" in link.technique.needs:
            what = f"{link.name} learns from the train split, which the plan does not name"
            advice = "Write `train: FILE` under `workload`, or leave this step out."
            desk.fault(what, *keys, "recipe", place, advice=advice)


def _starts(
    part: CompressPart, given: Sequence[Parent], parents: Mapping[str, Parent], chain: Sequence[_Link], desk: Desk, keys: Keys
) -> list[Parent]:
    if part.of != EVERY:
        return [parents[part.of]] if desk.one_of(part.of, parents, "candidate", *keys, "of") else []
    if part.name is not None:
        desk.fault('a name fits one product, and `of: "*"` may make several', *keys, "name", advice="Leave the name out.")
    if not chain:
        return []
    accepted = [parent for parent in given if not parent.format or chain[0].technique.result_of(parent.format) is not None]
    if not accepted:
        advice = f"The candidates are {listed(f'{parent.name} ({parent.format})' for parent in given)}."
        desk.fault(f"no candidate is of a kind that {chain[0].name} accepts", *keys, "recipe", 0, advice=advice)
    return accepted


def _result(parent: Parent, chain: Sequence[_Link], desk: Desk, keys: Keys) -> str:
    """The format of the last product; "" where the parent's is not known or a step does not fit."""
    given = parent.format
    for place, link in enumerate(chain if given else ()):
        made = link.technique.result_of(given)
        if made is None:
            source = f"{chain[place - 1].name} makes" if place else f"{parent.name} is"
            accepting = _accepting(given, desk)
            advice = f"Techniques that do: {listed(accepting)}." if accepting else f"No technique accepts {given} models."
            desk.fault(f"{link.name} does not accept {given} models, and {source} one", *keys, "recipe", place, advice=advice)
            return ""
        given = made
    return given if chain else ""


def _accepting(given: str, desk: Desk) -> list[str]:
    accepting = []
    for name in sorted(desk.known.techniques):
        try:
            technique = desk.known.technique(name)()
        except TypeError:  # it has options without defaults, and cannot be asked
            continue
        if technique.result_of(given) is not None:
            accepting.append(name)
    return accepting


def _check_name(name: str, taken: Set[str], desk: Desk, keys: Keys) -> None:
    advice = "Write a `name:` beside `recipe`."
    if not NAME.fullmatch(name):
        desk.fault(f"the product would be called {one_line(name, 100)!r}, which is too long", *keys, advice=advice)
    elif name.casefold() in taken:
        desk.fault(f"{name!r} is the name of something else already", *keys, advice=advice)
