"""The report: one HTML file that needs nothing else, complete without scripts, readable for years."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from effaudit.core.plugin import Output
from effaudit.core.record import Record
from effaudit.core.text import one_line
from effaudit.core.units import SCALES
from effaudit.core.verdict import Verdict

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@dataclass(frozen=True)
class Html(Output):
    """One self-contained page with everything that was found, for those who decide and for those who check.

    Its Content-Security-Policy allows the page's own style and script by their hashes and nothing else. Foreign words are text,
    never markup. Up to 200 candidates the record itself is inside, to be saved from the page.
    """

    suffix = ".html"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The page."""
        from markupsafe import Markup

        from effaudit.reporting.page import page

        style, script = _part("style.css"), _part("script.js")
        template = _environment().get_template("page.html")
        # These two are files of our own; all else is escaped.
        own = {"style": Markup(style), "script": Markup(script), "csp": _csp(style, script)}  # noqa: S704
        return template.render(page=page(record, verdict), **own) + "\n"


def _csp(style: str, script: str) -> str:
    """The policy that a browser enforces (W3C CSP 3): hashes of the two inline blocks, no address whatsoever."""
    sources = (f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (style, script))
    return "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'".format(*sources)


@cache
def _part(name: str) -> str:
    written = (files("effaudit.reporting") / "html" / name).read_text("utf-8")
    # Comments and indents are for those who read the source.
    lines = (line.strip() for line in written.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("//", "/*")))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("effaudit.reporting", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters |= {"shade": _shade, "soft": _soft, "kept": _kept}
    return environment


def _shade(status: str) -> str:
    """A status as a class: "not measured" is `not-measured`."""
    return status.replace(" ", "-")


def _soft(words: str) -> Markup:
    """An identifier that may break after its dots and underscores."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([._])(?=.)", r"\1<wbr>", str(escape(_harmless(words)))))  # noqa: S704 - escaped


def _kept(words: str) -> Markup:
    """A sentence whose figures keep their units on the same line."""
    from markupsafe import Markup, escape

    units = "|".join(map(re.escape, SCALES))
    return Markup(re.sub(rf"(?<=\d) (?=(?:{units})(?!\w))", "\u00a0", str(escape(_harmless(words)))))  # noqa: S704 - escaped


def _harmless(value: object) -> object:
    """Words without the control and direction characters that no escaping of markup takes away; lines stay lines."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return (
        "\n".join(one_line(line, len(line) + 1) for line in value.split("\n")) if "\n" in value else one_line(value, len(value) + 1)
    )
