"""The variance between incarnations: limits in which it must be a known formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.stats.moderate import Variance, moderated

NONE = Variance(0.0, 0.0)
POSITIVE = st.floats(1e-12, 1e3)


def test_alone_it_is_the_candidates_own():
    assert moderated(Variance(4.0, 2), NONE, NONE) == Variance(4.0, 2.0)


def test_equal_variances_add_their_degrees_of_freedom():
    assert moderated(Variance(4.0, 2), NONE, Variance(4.0, 2)) == Variance(4.0, 4.0)


def test_incarnations_that_agree_by_chance_are_pulled_up():
    found = moderated(Variance(0.0, 2), NONE, Variance(4.0, 2))
    assert found == Variance(2.0, 2.0)


def test_a_single_incarnation_takes_what_the_others_show():
    assert moderated(NONE, NONE, Variance(4.0, 5.0)) == Variance(4.0, 5.0)


def test_where_noise_is_all_it_has_many_degrees_of_freedom():
    found = moderated(Variance(0.5, 2), Variance(1.0, 21.0), Variance(0.0, 2.0))
    assert found.value == 1.0
    assert found.dof > 10


def test_no_variance_anywhere_is_none():
    assert moderated(Variance(0.0, 2), Variance(0.0, 20.0), Variance(0.0, 2.0)).value == 0.0


@given(POSITIVE, POSITIVE, POSITIVE, st.integers(0, 8), st.floats(0, 60), st.floats(0.1, 10))
def test_it_is_never_below_its_own_or_its_noise(own, noise, others, dof, noise_dof, others_dof):
    found = moderated(Variance(own, dof), Variance(noise, noise_dof), Variance(others, others_dof))
    assert found.value >= max(own if dof else 0.0, noise)
    assert found.dof >= (dof or others_dof) * (1 - 1e-12)


@given(POSITIVE, POSITIVE, st.integers(1, 8), st.floats(0.1, 10))
def test_without_noise_it_never_claims_more_than_all_degrees_of_freedom(own, others, dof, others_dof):
    found = moderated(Variance(own, dof), NONE, Variance(others, others_dof))
    assert found.dof <= (dof + min(dof, others_dof)) * (1 + 1e-9)


@given(POSITIVE, POSITIVE, st.floats(1.0, 10.0))
def test_scaling_all_variances_scales_the_result(own, others, factor):
    small = moderated(Variance(own, 2), Variance(own / 3, 9.0), Variance(others, 3))
    large = moderated(Variance(own * factor, 2), Variance(own / 3 * factor, 9.0), Variance(others * factor, 3))
    assert large.value == pytest.approx(small.value * factor)
    assert large.dof == pytest.approx(small.dof)
