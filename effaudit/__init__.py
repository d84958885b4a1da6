"""effaudit finds the smallest model that meets your targets, with evidence."""

__version__ = "0.1.0"
