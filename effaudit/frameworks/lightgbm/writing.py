"""What the library is given: a text written from what was read and checked, so that it can read nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from effaudit.frameworks.lightgbm.model import KEYS, OPTIONAL, Ending, Header, Summary, Tree
from effaudit.frameworks.lightgbm.reading import read


def rewritten(text: str | Iterable[bytes]) -> tuple[Summary, str]:
    """What a text says, and the same model as LightGBM would write it: it answers the same, to the last bit. Raises Malformed."""
    trees: list[str] = []
    summary, header, ending = read(text, lambda tree: trees.append(_tree(len(trees), tree)))
    sizes = " ".join(str(len(tree)) for tree in trees)
    head = "\n".join([*_header(header), f"tree_sizes={sizes}", "", ""])
    return summary, "".join([head, *trees, "\n".join(["end of trees", *_ending(ending)])])


def _header(header: Header) -> Iterator[str]:
    yield "tree"
    yield f"version={header.version}"
    yield f"num_class={header.classes}"
    yield f"num_tree_per_iteration={header.per_iteration}"
    yield f"label_index={header.label}"
    yield f"max_feature_idx={len(header.features) - 1}"
    if header.objective:
        yield f"objective={header.objective}"
    if header.average:
        yield "average_output"
    yield f"feature_names={' '.join(header.features)}"
    if header.monotone:
        yield f"monotone_constraints={' '.join(map(str, header.monotone))}"
    yield f"feature_infos={' '.join(header.infos)}"


def _tree(number: int, tree: Tree) -> str:
    """Numbers are written as they were read: each was checked, and no other spelling is surely the same to LightGBM."""
    lines = {"num_leaves": b"%d" % tree.leaves, "num_cat": b"%d" % tree.categorical, "is_linear": b"%d" % tree.linear, **tree.texts}
    said = [b"%b=%b\n" % (key.encode(), lines[key]) for key in KEYS if lines.get(key) or (key in lines and key not in OPTIONAL)]
    return b"".join([b"Tree=%d\n" % number, *said, b"\n\n"]).decode()


def _ending(ending: Ending) -> Iterator[str]:
    """Parameters with quotes (paths of another machine) would break the library's own JSON; nothing that predicts reads them."""
    if ending.parameters:
        yield ""
        yield "parameters:"
        yield from (f"[{key}: {value}]" for key, value in ending.parameters if not set('"\\') & set(value))
        yield ""
        yield "end of parameters"
    yield ""
    yield f"pandas_categorical:{json.dumps(ending.categories)}"
    yield ""
