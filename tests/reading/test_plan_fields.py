import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from effaudit.core.candidate import Trust
from effaudit.reading import plan_fields as fields


def read(kind, value):
    class Holder(BaseModel):
        model_config = ConfigDict(strict=True, arbitrary_types_allowed=True)
        value: kind

    try:
        return Holder(value=value).value
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from error


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("Seconds", "3 min", 180.0),
        ("Seconds", "500 ms", 0.5),
        ("Bytes", "4 GB", 4 * 10**9),
        ("Bytes", "1.5 KiB", 1536),
        ("Share", "2 %", 0.02),
        ("Watts", 4, 4.0),
        ("Watts", 3.5, 3.5),
        ("Watts", "0.5 kW", 500.0),
        ("Grid", "56 gCO2e/kWh", 56.0),
        ("Grid", "0.056kgCO2e / kWh", 56.0),
        ("Count", 1000, 1000.0),
        ("Count", "1_000_000", 1e6),
        ("Money", "0.10 EUR", fields.Price(0.1, "EUR")),
        ("Country", "FRA", "FRA"),
        ("Trusted", True, Trust(True)),
        ("Trusted", False, Trust()),
        ("Trusted", ["a.B"], Trust(False, ("a.B",))),
        ("Cut", 0.4, fields.Threshold(0.4)),
        ("Cut", 1, fields.Threshold(1.0)),
        ("Cut", {"tune": "f1"}, fields.Threshold(None, "f1")),
        ("Cut", {"at": 0.4, "of": "late"}, fields.Threshold(0.4, None, "late")),
        ("Cut", {"of": True, "at": 0}, fields.Threshold(0.0, None, "True")),
        ("Cut", {"tune": "f1", "of": 2}, fields.Threshold(None, "f1", "2")),
        ("Label", 0, "0"),
        ("Label", 1.0, "1"),
        ("Label", True, "True"),
        ("Label", "late", "late"),
        ("Columns", "late", ("late",)),
        ("Columns", ["a", 3], ("a", "3")),
        ("Source", "a.csv", "a.csv"),
        ("Source", {"x": "a.npy"}, {"x": "a.npy"}),
    ],
)
def test_values_are_read_into_base_units(kind, written, value):
    assert (
        read(getattr(fields, kind), written) == pytest.approx(value)
        if isinstance(value, float)
        else read(getattr(fields, kind), written) == value
    )


@pytest.mark.parametrize(
    ("kind", "written", "said"),
    [
        ("Seconds", 3, "'3 min'"),
        ("Seconds", "3 GB", "'3 min'"),
        ("Seconds", "-3 s", "more than 0"),
        ("Seconds", "0 s", "more than 0"),
        ("Seconds", True, "found true"),
        ("Seconds", None, "found nothing"),
        ("Seconds", ["3 s"], "found a list"),
        ("Seconds", "9" * 100, "expected a number"),
        ("Seconds", "1e999 s", "finite"),
        ("Seconds", "3 mni", "unknown unit"),
        ("Bytes", "4 Gb", "unknown unit"),
        ("Bytes", 4, "'4 GB'"),
        ("Share", "2 pp", "'2 %'"),
        ("Share", 0.02, "'2 %'"),
        ("Share", "100 %", "less than 100 %"),
        ("Watts", "4 J", "'4 W'"),
        ("Watts", 0, "more than 0"),
        ("Grid", 56, "gCO2e/kWh"),
        ("Grid", "56", "gCO2e/kWh"),
        ("Grid", "56 gCO2e", "gCO2e/kWh"),
        ("Grid", "56 J/kWh", "gCO2e/kWh"),
        ("Count", "many", "expected a number"),
        ("Count", 0, "above 0"),
        ("Count", "5 s", "without a unit"),
        ("Count", True, "found true"),
        ("Money", 0.1, "currency"),
        ("Money", "0.1", "currency"),
        ("Money", "-1 EUR", "less than 0"),
        ("Money", "1 eur", "unknown unit"),
        ("Country", "fra", "alpha-3"),
        ("Country", "France", "alpha-3"),
        ("Country", "FR", "alpha-3"),
        ("Trusted", "yes", "expected true"),
        ("Trusted", [1], "expected true"),
        ("Trusted", [""], "expected true"),
        ("Trusted", None, "expected true"),
        ("Cut", True, "probability"),
        ("Cut", 1.5, "between 0 and 1"),
        ("Cut", {"tune": 1}, "probability"),
        ("Cut", {"tune": "f1", "x": 1}, "probability"),
        ("Cut", {"of": "late"}, "probability"),
        ("Cut", {"at": 0.4, "of": None}, "expected a word"),
        ("Cut", {"at": 1.5, "of": "late"}, "between 0 and 1"),
        ("Cut", {"at": 0.4, "tune": "f1"}, "probability"),
        ("Label", None, "found nothing"),
        ("Label", [1], "found list"),
        ("Label", {}, "found dict"),
        ("Name", "a b", "is not a name"),
        ("Name", "", "is not a name"),
        ("Name", "../x", "is not a name"),
        ("Name", ".x", "is not a name"),
        ("Name", "x" * 65, "is not a name"),
        ("Name", "na\u00efve", "is not a name"),
        ("Name", "a\n", "is not a name"),
        ("FilePath", "", "not a path"),
        ("FilePath", "a\0b", "not a path"),
        ("FilePath", "x" * 5000, "5,000 characters"),
        ("Source", {}, "expected a file"),
        ("Source", {"x": 1}, "expected a file"),
        ("Source", 3, "expected a file"),
        ("Source", "a\0", "not a path"),
        ("Code", "os.system", "module:function"),
        ("Code", "a:b; import os", "module:function"),
        ("Code", "a b:c", "module:function"),
        ("RecipeStep", {"a": {}, "b": {}}, "found a mapping with 2 keys"),
        ("RecipeStep", {}, "an empty mapping"),
        ("RecipeStep", {"a": 3}, "the options of a"),
        ("RecipeStep", [1], "a list of 1"),
        ("NotYet", {"budget": "10 min"}, "not available in this version"),
    ],
)
def test_what_does_not_fit_is_refused_with_an_example(kind, written, said):
    with pytest.raises(ValueError, match=r"[a-z]") as caught:
        read(getattr(fields, kind), written)
    assert said in str(caught.value)


def test_a_step_is_a_technique_with_or_without_options():
    assert read(fields.RecipeStep, {"to_onnx": None}) == read(fields.RecipeStep, "to_onnx") == fields.Step("to_onnx", {})
    assert read(fields.RecipeStep, {"to_onnx": {"dtype": "float64"}}).options == {"dtype": "float64"}
