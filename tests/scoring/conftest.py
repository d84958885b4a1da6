"""What metrics read from, made by hand."""

from seen_in_tests import seen, starts, timed  # noqa: F401
