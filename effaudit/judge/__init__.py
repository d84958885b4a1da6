"""Judging: a pure function of a record and a policy. No clock, no framework, no files, no predictions."""
