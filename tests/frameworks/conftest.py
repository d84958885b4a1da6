"""Models and data that tests of formats and frameworks share."""

from models_in_tests import graphs, numbers, request_of, table  # noqa: F401
