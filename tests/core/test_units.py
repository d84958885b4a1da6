"""Quantities are read strictly and shown with the digits they deserve."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.units import SCALES, Quantity, parse, parse_as, show, show_change, show_interval, show_points, show_round


@pytest.mark.parametrize(
    ("written", "amount", "unit"),
    [
        ("25 ms", 0.025, "s"),
        ("25ms", 0.025, "s"),
        ("50 MB", 5e7, "B"),
        ("64 KiB", 65536.0, "B"),
        ("1 pp", 0.01, "pp"),
        ("10 %", 0.10, "%"),
        ("0.10 EUR", 0.10, "EUR"),
        ("1_000 rows/s", 1000.0, "rows/s"),
        (".5", 0.5, ""),
        (3, 3.0, ""),
    ],
)
def test_a_written_quantity_is_read_in_its_base_unit(written, amount, unit):
    found = parse(written)
    assert found.unit == unit
    assert math.isclose(found.amount, amount)


@pytest.mark.parametrize("written", ["", "fast", "25 furlongs", "1 2 ms", "nan", "inf", "1e999", True, "9" * 400, "25 ms; rm"])
def test_what_is_no_quantity_is_refused(written):
    with pytest.raises(ValueError, match=r"expected|unknown unit"):
        parse(written)


def test_a_bare_number_is_refused_where_a_unit_is_needed():
    with pytest.raises(ValueError, match="no unit"):
        parse_as(25, "s", "25 ms")
    assert parse_as("25 ms", "s", "25 ms") == 0.025


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.0241, "s", "24.1 ms"),
        (41_000, "B", "41 kB"),
        (0.6942, "score", "0.694"),
        (1200, "count", "1,200"),
        (0, "B", "0 B"),
        (0.019, "pp", "1.90 pp"),
        (0.1, "%", "10 %"),
        (6.56e-6, "EUR", "6.56 ×10⁻⁶ EUR"),
        (-7e-5, "score", "−0.00007"),
        (2e16, "count", "2 ×10¹⁶"),
        (float("nan"), "s", "n/a s"),
        (float("inf"), "B", "∞ GB"),
    ],
)
def test_a_value_is_shown_in_a_readable_unit(value, unit, shown):
    assert show(value, unit) == shown


@pytest.mark.parametrize(
    ("figures", "unit", "signed", "shown"),
    [
        ((0.0241, 0.0228, 0.0259), "s", False, "24.1 ms [22.8, 25.9]"),
        ((-0.019, -0.022, -0.016), "pp", True, "−1.90 pp [−2.20, −1.60]"),
        ((0.0012, -0.0003, 0.0027), "pp", True, "+0.12 pp [−0.03, +0.27]"),
        ((-0.0019, -0.0038, -1e-9), "pp", True, "−0.19 pp [−0.38, 0.00]"),
        ((5e7, 5e7, 5e7), "B", False, "50 MB"),
        ((0.1, 0.1, 0.1), "%", True, "+10 %"),
        ((0.0, 0.0, 3e-4), "s", False, "0 µs [0, 300]"),
        ((6.56e-6, 6.51e-6, 6.61e-6), "EUR", False, "6.560 ×10⁻⁶ EUR [6.510, 6.610]"),
        ((-7e-5, -0.00069, 0.00031), "score", False, "−0.00007 [−0.00069, 0.00031]"),
        ((7e-9, 1e-9, 9e-9), "share", False, "0.00000 [0.00000, 0.00000]"),
        ((0.0241, -math.inf, math.inf), "s", False, "24.1 ms [−∞, ∞]"),
    ],
)
def test_an_interval_rounds_all_three_figures_alike(figures, unit, signed, shown):
    assert show_interval(*figures, unit, signed=signed) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [(0.04, "−96 %"), (1.012, "+1.2 %"), (14, "×14"), (1.0, "0 %"), (0.999999, "0 %"), (0.0003, "−99.97 %"), (math.nan, "n/a")],
)
def test_a_ratio_is_shown_as_a_change(ratio, shown):
    assert show_change(ratio) == shown


def test_points_keep_two_digits_below_one():
    assert [show_points(x) for x in (-0.019, 0.0031, 0.0, -1e-9)] == ["−1.9 pp", "+0.31 pp", "0 pp", "0 pp"]


@given(st.floats(min_value=1e-9, max_value=1e12), st.sampled_from(["s", "B", "J", "gCO2e", "%", "pp", "score", "EUR"]))
def test_what_is_shown_can_be_read_back(value, unit):
    figure, _, name = show(value, unit, digits=4).partition(" ")
    factor = SCALES[name][1] if name in SCALES else {"µJ": 1e-6, "µgCO2e": 1e-6}.get(name)
    if factor is None:
        raised = name.split()[0] if name.startswith("×10") else ""
        factor = 10.0 ** int(raised[3:].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if raised else 1.0
    least = 1e-5 if unit in ("score", "pp") else 0.0
    assert math.isclose(float(figure.replace(",", "")) * factor, value, rel_tol=1e-3, abs_tol=least)


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True),
    st.floats(allow_nan=True),
    st.sampled_from(["s", "B", "pp", "score", "x"]),
)
def test_no_figure_whatsoever_breaks_the_writing(value, low, high, unit):
    for text in (show(value, unit), show_interval(value, low, high, unit, signed=True), show_change(value), show_points(value)):
        assert text
        assert "-" not in text


def test_quantities_compare_by_amount_and_unit():
    assert Quantity(1.0, "s") != Quantity(1.0, "B")


def test_round_figures_lose_their_closing_zeros():
    shown = [show_round(*one) for one in ((0.0005, "pp"), (0.0015, "pp"), (0.4, "minutes"), (0.01, "score"), (100.0, "count"))]
    assert shown == ["0.05 pp", "0.15 pp", "0.4 minutes", "0.01", "100"]
