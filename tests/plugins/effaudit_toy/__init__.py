"""A package of somebody else's: a format, a metric and an output that effaudit finds by entry points."""
