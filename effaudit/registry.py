"""Finds plug-ins by folder and by entry point. Listing them imports nothing; a plug-in is imported when it is asked for."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from effaudit.core import plugin
from effaudit.core.errors import InputError, Place
from effaudit.core.readable import Unreadable, filled_head_of
from effaudit.core.text import did_you_mean, one_line
from effaudit.core.wire import unpack

Kind = Literal["formats", "techniques", "metrics", "outputs", "engines"]
P = TypeVar("P")


def names(kind: Kind) -> tuple[str, ...]:
    """All plug-ins of a kind, sorted; those of others (entry points) included."""
    return tuple(sorted({*_own(kind), *_others(kind)}))


def find(kind: Kind, name: str) -> type[Any]:
    """The class of a plug-in. Raises InputError with a suggestion when there is none."""
    if name in _own(kind):
        return _only_class(importlib.import_module(_own(kind)[name]), _interface(kind))
    if name in _others(kind):
        return _checked(_others(kind)[name].load(), _interface(kind), name)
    raise InputError(f"there is no {kind[:-1]} {name!r}.{did_you_mean(name, names(kind))}")


def a_format(name: str) -> plugin.Format:
    """A format, ready."""
    return cast(plugin.Format, find("formats", name)())


def a_metric(name: str) -> plugin.Metric:
    """A metric, ready."""
    return cast(plugin.Metric, find("metrics", name)())


def all_metrics() -> dict[str, plugin.Metric]:
    """Every metric, ready, by name."""
    return {name: a_metric(name) for name in names("metrics")}


def an_engine(name: str) -> plugin.Engine:
    """An engine, ready."""
    return cast(plugin.Engine, find("engines", name)())


def a_technique(name: str, options: Mapping[str, object]) -> plugin.Technique:
    """A technique with its options, which the plan's reading has checked."""
    return cast(plugin.Technique, unpack(find("techniques", name), options))


def format_of(path: Path) -> str:
    """The format that recognises a file, by its name and first 4 KB. Raises InputError."""
    try:
        head = filled_head_of(path)
    except Unreadable as unreadable:
        raise InputError(f"{one_line(path.name, 120)!r} {unreadable}") from unreadable
    found = [name for name in names("formats") if a_format(name).recognises(path, head)]
    if len(found) == 1:
        return found[0]
    which = f"several formats ({', '.join(found)}) claim" if found else "no format recognises"
    what = f"{which} {one_line(path.name, 120)!r}"
    raise InputError(what, advice=f"Write `format:` beside its path; known: {', '.join(names('formats'))}.")


def format_of_model(model: object) -> str:
    """The format of a model in memory: of those that claim it, that of the library which its class comes from. Raises Refused."""
    claiming = {name: each for name in names("formats") if (each := a_format(name)).claims(model)}
    for kind in type(model).__mro__:
        package = kind.__module__.partition(".")[0]
        own = [name for name, each in claiming.items() if each.package == package]
        if own:
            claiming = {name: claiming[name] for name in own}
            break
    if len(claiming) == 1:
        return next(iter(claiming))
    known = type(model).__qualname__
    if claiming:
        raise plugin.Refused(f"several formats ({', '.join(claiming)}) claim a {known}; write contracts={{NAME: {{'format': …}}}}")
    raise plugin.Refused(f"no format takes a {known}; give a plain function of an importable module")


def output_for(path: Path) -> str:
    """The only output that writes files with this one's suffix. Raises InputError."""
    by_suffix: dict[str, list[str]] = {}
    for name in names("outputs"):
        by_suffix.setdefault(find("outputs", name).suffix, []).append(name)
    found = by_suffix.get(path.suffix, []) if path.suffix else []
    if len(found) == 1:
        return found[0]
    if found:
        what, advice = f"{len(found)} outputs write {path.suffix!r} files", f"Name one: output={' or '.join(map(repr, found))}."
    else:
        what = f"no output writes {path.suffix!r} files"
        advice = f"Known: {', '.join(sorted(filter(None, by_suffix)))}. Or name one: output={names('outputs')[0]!r}."
    raise InputError(what, Place(one_line(path.name, 120)), advice)


def format_by_name(path: Path) -> str | None:
    """The only format whose suffixes include this file's, or None; the file itself is not looked at."""
    found = [name for name in names("formats") if path.suffix.lower() in a_format(name).suffixes]
    return found[0] if len(found) == 1 else None


def meaning(metric: str) -> plugin.Meaning | None:
    """What a metric's id (without aggregate) stands for, or None."""
    family = metric.split(".", 1)[0]
    return a_metric(family).meaning(metric) if family in names("metrics") else None


def describe(kind: Kind, name: str) -> str:
    """A plug-in's docstring: its help."""
    return inspect.cleandoc(find(kind, name).__doc__ or "")


@cache
def _own(kind: Kind) -> Mapping[str, str]:
    """The module of each plug-in in the kind's folder and its sub-folders, by the file's name, which no other may have."""
    package = importlib.import_module(f"effaudit.{kind}")
    return modules_of(package.__path__, f"effaudit.{kind}.")


def modules_of(folders: Iterable[str], prefix: str) -> dict[str, str]:
    """Modules by their last name, sub-folders included. Raises TypeError where two have one name."""
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(folders, prefix):
        name = module.name.rpartition(".")[2]
        if module.ispkg:
            continue
        if name in found:
            raise TypeError(f"{found[name]} and {module.name} are plug-ins of one name")
        found[name] = module.name
    return found


@cache
def _others(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"effaudit.{kind}") if point.name not in _own(kind)}


def _interface(kind: Kind) -> type[Any]:
    return {
        "formats": plugin.Format,
        "techniques": plugin.Technique,
        "metrics": plugin.Metric,
        "outputs": plugin.Output,
        "engines": plugin.Engine,
    }[kind]


def _only_class(module: Any, interface: type[P]) -> type[P]:
    found = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, interface)
        and thing.__module__ == module.__name__
        and not inspect.isabstract(thing)
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} must define exactly one {interface.__name__}, found {len(found)}")
    return found[0]


def _checked(thing: Any, interface: type[P], name: str) -> type[P]:
    if not (isinstance(thing, type) and issubclass(thing, interface)):
        raise InputError(f"the plug-in {name!r} is not an effaudit {interface.__name__}", advice="It must be a subclass of it.")
    return thing
