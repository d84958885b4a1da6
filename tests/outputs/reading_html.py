"""What a browser's parser finds in a page: tags, attributes, ids, links, text, style and script."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Found:
    """The page, taken apart."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    style: str = ""
    script: str = ""

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


class Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Found()
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("style", "script") else self._inside

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.found.style += data
        elif self._inside == "script":
            self.found.script += data
        else:
            self.found.words.append(data)


def parsed(page: str) -> Found:
    parser = Parser()
    parser.feed(page)
    parser.close()
    return parser.found
