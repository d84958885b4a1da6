import pytest

from effaudit.core.policy import Limit
from effaudit.core.reading import Meaning
from effaudit.reading.limits import read_limit

UNITS = ("s", "B", "J", "gCO2e", "rows/s", "score", "share", "count", "number", "answer", "money")


def limit(value, bound, unit):
    found = read_limit(value, str(value), bound, Meaning(unit, "lower", "measured", False))
    assert found.written == str(value)
    return found.amount, found.unit


@pytest.mark.parametrize(
    ("unit", "bound", "value", "expected"),
    [
        ("s", "max", "25 ms", (0.025, "s")),
        ("B", "max", "50 MB", (5e7, "B")),
        ("gCO2e", "max", "1.5 gCO2e", (1.5, "gCO2e")),
        ("rows/s", "min", "2 krows/s", (2000.0, "rows/s")),
        ("s", "max_increase", "5 ms", (0.005, "s")),
        ("s", "max_increase", "10 %", (0.1, "%")),
        ("s", "max_increase", "-10 %", (-0.1, "%")),
        ("B", "max_increase", "0 %", (0.0, "%")),
        ("score", "min", 0.7, (0.7, "")),
        ("score", "min", "0.7", (0.7, "")),
        ("score", "max_drop", "1 pp", (0.01, "pp")),
        ("score", "max_drop", "1 %", (0.01, "%")),
        ("score", "max_drop", 0.01, (0.01, "")),
        ("score", "max_drop", "-1pp", (-0.01, "pp")),
        ("share", "max", 0.01, (0.01, "")),
        ("share", "max_increase", "0.5 pp", (0.005, "pp")),
        ("count", "max", 100_000, (1e5, "")),
        ("count", "max_increase", 0.05, (0.05, "")),
        ("count", "max_increase", "5 %", (0.05, "%")),
        ("answer", "max", "12 min", (12.0, "min")),
        ("answer", "max", 12, (12.0, "")),
        ("answer", "max_increase", "2 m/s", (2.0, "m/s")),
        ("answer", "max_increase", "1 °C", (1.0, "°C")),
        ("answer", "max_increase", "5 %", (0.05, "%")),
        ("money", "max", "0.05 EUR", (0.05, "EUR")),
        ("money", "max_increase", "5 %", (0.05, "%")),
    ],
)
def test_limits_are_in_the_units_that_the_metric_has(unit, bound, value, expected):
    amount, found = limit(value, bound, unit)
    assert (pytest.approx(amount), found) == expected


@pytest.mark.parametrize(
    ("unit", "bound", "value", "said"),
    [
        ("s", "max", 25, "25 ms"),
        ("s", "max", "25", "25 ms"),
        ("s", "max", "25 MB", "25 ms"),
        ("s", "max", "-1 s", "never be met"),
        ("s", "max", "10 %", "% is a share of the baseline's figure"),
        ("s", "max", "1 pp", "pp is for scores and shares; write 25 ms"),
        ("s", "max_increase", 10, "25 ms' or '5 %"),
        ("s", "max_increase", "1 pp", "pp is for scores and shares"),
        ("B", "max", 50_000_000, "50 MB"),
        ("B", "max", "50 Mb", "unknown unit"),
        ("gCO2e", "max", "1 g", "unknown unit"),
        ("score", "min", "70 %", "write it as a bare number, 0.7, here"),
        ("score", "min", "70 pp", "pp is a difference"),
        ("score", "min", "0.7 s", "a bare number"),
        ("score", "max_drop", 1, "would allow any score"),
        ("score", "max_drop", "1", "would allow any score"),
        ("score", "max_drop", "1 ms", "1 pp"),
        ("share", "max", "10 %", "write it as a bare number, 0.1, here"),
        ("count", "max", "3 B", "a bare number"),
        ("count", "max", "1 pp", "pp is for scores"),
        ("answer", "max", "1 pp", "pp is for scores"),
        ("answer", "max", "5 %", "% is a share"),
        ("answer", "max", "much", "expected a number in the unit of the answer"),
        ("answer", "max", "1e999 min", "expected a number"),
        ("answer", "max", "9" * 500, "expected a number"),
        ("money", "max", 0.05, "needs a currency"),
        ("money", "max", "0.05 euro", "needs a currency"),
        ("money", "max", "5 s", "needs a currency"),
    ],
)
def test_another_unit_is_refused_with_an_example(unit, bound, value, said):
    with pytest.raises(ValueError, match=r"[a-z]") as caught:
        limit(value, bound, unit)
    assert said in str(caught.value)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("bound", ["min", "max", "max_drop", "max_increase"])
@pytest.mark.parametrize("value", ["", "%", "pp", "- 5", "1 2", "nan", "inf %", "1,5 ms", "5 %%", "\x1b[31m"])
def test_what_is_no_quantity_is_always_refused(unit, bound, value):
    with pytest.raises(ValueError, match=r"[a-z]"):
        read_limit(value, value, bound, Meaning(unit, "lower", "measured", False))


def test_a_limit_is_kept_as_it_is_written():
    assert read_limit(0.7, "0.70", "min", Meaning("score", "higher", "measured", False)) == Limit(0.7, "", "0.70")
