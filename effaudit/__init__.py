"""effaudit finds the smallest model that meets your targets, with evidence.

`effaudit.audit` measures models that are in memory, `effaudit.decide` judges the record, `effaudit.report` shows both.
"""

from effaudit.core.version import __version__

TYPE_CHECKING = False  # nothing of the standard library is imported before `__main__` has taken the current folder off the path
if TYPE_CHECKING:
    from effaudit.interface import audit, decide, report

__all__ = ["__version__", "audit", "decide", "report"]


def __getattr__(name: str) -> object:
    """The interface is imported when it is used: `import effaudit` alone costs nothing."""
    if name in ("audit", "decide", "report"):
        from effaudit import interface

        return getattr(interface, name)
    raise AttributeError(f"module 'effaudit' has no attribute {name!r}")
