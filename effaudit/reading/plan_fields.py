"""The kinds of values that a plan holds: names, labels, files, quantities with units, trust and thresholds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from effaudit.core import units
from effaudit.core.candidate import Step, Trust
from effaudit.core.text import one_line
from effaudit.reading.document import shown
from effaudit.reading.labels import label_text

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED = ("all", "recommended")
"""No candidate is called so: `effaudit gate --candidate` takes these for other things than names."""
CODE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
LONGEST_PATH = 4096


@dataclass(frozen=True)
class Threshold:
    """At which probability a label is given, or the scorer by which that is chosen on search rows; `of`: the class it speaks of."""

    at: float | None = None
    tune: str | None = None
    of: str | None = None


@dataclass(frozen=True)
class Price:
    """Money per hour."""

    amount: float
    currency: str


def a_name(text: str) -> str:
    """The text, if it is a name that may stand in paths, reports and command lines. Raises ValueError."""
    if not NAME.fullmatch(text):
        raise ValueError(
            f"{shown(text)} is not a name: write at most 64 letters, digits, '.', '_' and '-', the first a letter or digit "
            "(free text goes into `title`)"
        )
    return text


def quantity(value: Any, unit: str, example: str) -> float:
    """A positive amount in the base unit `unit`, of a value from YAML. Raises ValueError, showing `example`."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"expected a number with its unit such as '{example}', found {shown(value)}")
    amount = units.parse_as(value, unit, example)
    if amount <= 0:
        raise ValueError(f"must be more than 0, found {shown(value)}")
    return amount


def _seconds(value: Any) -> float:
    return quantity(value, "s", "3 min")


def _bytes(value: Any) -> int:
    return int(quantity(value, "B", "4 GB"))


def _share(value: Any) -> float:
    share = quantity(value, "%", "2 %")
    if share >= 1:
        raise ValueError(f"must be less than 100 %, found {shown(value)}")
    return share


def _whole_share(value: Any) -> float:
    share = quantity(value, "%", "10 %")
    if share > 1:
        raise ValueError(f"must be at most 100 %, found {shown(value)}")
    return share


def _watts(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return quantity(f"{value} W", "W", "4 W")
    return quantity(value, "W", "4 W")


def _grid(value: Any) -> float:
    """gCO2e per kWh, from "56 gCO2e/kWh"."""
    example = "56 gCO2e/kWh"
    if not isinstance(value, str) or not value.replace(" ", "").endswith("/kWh"):
        raise ValueError(f"needs its unit, as in '{example}'; found {shown(value)}")
    return quantity(value.replace(" ", "").removesuffix("/kWh"), "gCO2e", example)


def _price(value: Any) -> Price:
    example = "0.10 EUR"
    found = units.parse(value) if isinstance(value, str) else None
    if found is None or not re.fullmatch("[A-Z]{3}", found.unit):
        raise ValueError(f"needs a currency, as in '{example}'; found {shown(value)}")
    if found.amount < 0:
        raise ValueError(f"must not be less than 0, found {shown(value)}")
    return Price(found.amount, found.unit)


def _count(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"expected a number, found {shown(value)}")
    found = units.parse(value)
    if found.unit or found.amount <= 0:
        raise ValueError(f"expected a number above 0 without a unit, found {shown(value)}")
    return found.amount


def _country(text: str) -> str:
    if not re.fullmatch("[A-Z]{3}", text):
        raise ValueError(f"expected a country's three capital letters (ISO 3166 alpha-3) such as FRA or DEU, found {shown(text)}")
    return text


def _path(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError(f"{shown(text)} is not a path")
    if len(text.encode()) > LONGEST_PATH:
        raise ValueError(f"a path of {len(text):,} characters, where {LONGEST_PATH:,} bytes are the most")
    return text


def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise ValueError(f"expected `module:function`, found {shown(text)}")
    return text


def _column(text: str) -> str:
    if not text:
        raise ValueError("expected a column's name, found an empty text")
    return text


def _some(value: Any) -> Any:
    """One or more, as a tuple."""
    return tuple(value) if isinstance(value, list) else (value,)


def _whole_numbers(value: Any, most: int, example: str) -> tuple[int, ...]:
    """One or more whole numbers from 1 to `most`. Raises ValueError, showing `example`."""
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    wrong = next((number for number in numbers if type(number) is not int or not 1 <= number <= most), None)
    if wrong is not None or not numbers:
        found = "nothing" if not numbers else shown(wrong)
        raise ValueError(f"expected whole numbers from 1 to {most:,}, such as {example}; found {found}")
    return numbers


def _batch_sizes(value: Any) -> Any:
    return value if value == "sweep" else _whole_numbers(value, 1_000_000, "[1, 256], or `sweep`")


def _callers(value: Any) -> Any:
    return tuple(sorted(set(_whole_numbers(value, 256, "[1, 2]"))))


def _columns(value: Any) -> Any:
    """Column names; spreadsheets have numbers for names, too."""
    return tuple(str(item) if type(item) in (int, float) else item for item in _some(value))


def _trust(value: Any) -> Trust:
    if isinstance(value, bool):
        return Trust(everything=value)
    if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
        return Trust(types=tuple(value))
    raise ValueError(f"expected true, or a list of the types to trust, found {shown(value)}")


def _threshold(value: Any) -> Threshold:
    if isinstance(value, dict):
        of = label_text(value["of"]) if "of" in value else None
        said = {key: item for key, item in value.items() if key != "of"}
        if list(said) == ["tune"] and isinstance(said["tune"], str):
            return Threshold(tune=said["tune"], of=of)
        if list(said) == ["at"]:
            return replace(_threshold(said["at"]), of=of)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"expected a probability such as 0.4, {{at: 0.4, of: CLASS}} or {{tune: SCORER}}, found {shown(value)}")
    if not 0 <= value <= 1:
        raise ValueError(f"expected a probability between 0 and 1, found {shown(value)}")
    return Threshold(at=float(value))


def _source(value: Any) -> str | dict[str, str]:
    if isinstance(value, str):
        return _path(value)
    if isinstance(value, dict) and value and all(isinstance(item, str) for item in value.values()):
        return {name: _path(path) for name, path in value.items()}
    raise ValueError(f"expected a file, or a mapping from array names to .npy files, found {shown(value)}")


def _step(value: Any) -> Step:
    example = "{static_int8: {per_channel: true}}"
    if isinstance(value, str):
        return Step(value)
    if not isinstance(value, dict) or len(value) != 1:
        found = f"a mapping with {len(value)} keys" if isinstance(value, dict) and value else shown(value)
        raise ValueError(f"a step is one technique with its options, as in {example}; found {found}")
    (technique, options), *_ = value.items()
    if options is not None and not isinstance(options, dict):
        raise ValueError(f"the options of {one_line(technique, 80)} are a mapping, as in {example}; found {shown(options)}")
    return Step(technique, dict(options or {}))


def _not_yet(_value: Any) -> None:
    raise ValueError("the search for the smallest is not available in this version: write a `recipe`")


BatchSizes = Annotated[
    tuple[int, ...] | Literal["sweep"],
    BeforeValidator(_batch_sizes, json_schema_input_type=int | list[int] | Literal["sweep"]),
]
Callers = Annotated[tuple[int, ...], BeforeValidator(_callers, json_schema_input_type=int | list[int])]
Name = Annotated[str, AfterValidator(a_name), Field(json_schema_extra={"pattern": f"^{NAME.pattern}$"})]
Label = Annotated[str, BeforeValidator(label_text, json_schema_input_type=str | float | bool)]
FilePath = Annotated[str, AfterValidator(_path)]
Code = Annotated[str, AfterValidator(_code)]
Column = Annotated[str, AfterValidator(_column)]
Columns = Annotated[tuple[Column, ...], BeforeValidator(_columns, json_schema_input_type=str | list[str])]
Words = Annotated[tuple[str, ...], BeforeValidator(_some, json_schema_input_type=str | list[str])]
Source = Annotated[str | dict[str, str], PlainValidator(_source, json_schema_input_type=str | dict[str, str])]
Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=str)]
Bytes = Annotated[int, BeforeValidator(_bytes, json_schema_input_type=str)]
Share = Annotated[float, BeforeValidator(_share, json_schema_input_type=str)]
WholeShare = Annotated[float, BeforeValidator(_whole_share, json_schema_input_type=str)]
Watts = Annotated[float, BeforeValidator(_watts, json_schema_input_type=str | float)]
Grid = Annotated[float, BeforeValidator(_grid, json_schema_input_type=str)]
Count = Annotated[float, BeforeValidator(_count, json_schema_input_type=str | float)]
Country = Annotated[str, AfterValidator(_country)]
Money = Annotated[Price, PlainValidator(_price, json_schema_input_type=str)]
Trusted = Annotated[Trust, PlainValidator(_trust, json_schema_input_type=bool | list[str])]
Cut = Annotated[Threshold, PlainValidator(_threshold, json_schema_input_type=float | dict[str, str | float | bool])]
RecipeStep = Annotated[Step, PlainValidator(_step, json_schema_input_type=str | dict[str, dict[str, Any] | None])]
NotYet = Annotated[None, PlainValidator(_not_yet, json_schema_input_type=Any)]
