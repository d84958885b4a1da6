"""The sampled record and verdict, as fixtures."""

from sampled_in_tests import record, small, verdict  # noqa: F401
