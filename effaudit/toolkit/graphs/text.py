"""Words counted in a graph: scikit-learn's CountVectorizer and TfidfVectorizer.

skl2onnx replaces the default pattern of tokens by another one, takes stop words out of whole texts, and asks for a locale that
slim machines do not have; here tokens are those of scikit-learn, and what cannot be said exactly is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from effaudit.core.plugin import Refused
from effaudit.toolkit.graphs.graph import Flow, Graph

_DEFAULT = r"(?u)\b\w\w+\b"
_TOKENS = {
    _DEFAULT: r"[\p{L}\p{N}_][\p{L}\p{N}_]+",
    r"(?u)\b\w+\b": r"[\p{L}\p{N}_]+",
    r"\S+": r"[^\s]+",
    r"\w+": r"[\p{L}\p{N}_]+",
}
"""Patterns of scikit-learn and Python, and the same in the language of ONNX Runtime (RE2)."""

_RUNTIME = "com.microsoft"


def vectorise(graph: Graph, vectoriser: Any, flow: Flow) -> Flow:
    """Adds a vectoriser of words to the graph: from texts (rows, 1) to weights (rows, words). Raises Refused."""
    if flow.kind != "text" or flow.width != 1:
        raise Refused(f"its {type(vectoriser).__name__} takes one column of words")
    texts = graph.add("Squeeze", flow.name, graph.store([1], np.int64))
    if vectoriser.lowercase:
        texts = graph.add("StringNormalizer", texts, case_change_action="LOWER", is_case_sensitive=0, locale=_locale(vectoriser))
    tokens = graph.add("Tokenizer", texts, domain=_RUNTIME, tokenexp=_pattern(vectoriser), mark=0, mincharnum=1, pad_value="\0")
    counted = _counted(graph, vectoriser, tokens)
    width = len(vectoriser.vocabulary_)
    if graph.double:
        counted = graph.cast(counted, graph.float_type)
    if vectoriser.binary:
        counted = graph.add("Sign", counted)
    return Flow(_weighed(graph, vectoriser, counted), width)


def _pattern(vectoriser: Any) -> str:
    name = type(vectoriser).__name__
    custom = [part for part in ("preprocessor", "tokenizer", "strip_accents") if getattr(vectoriser, part) is not None]
    if custom or vectoriser.analyzer != "word":
        said = f"{custom[0]}=…" if custom else f"analyzer={vectoriser.analyzer!r}"
        raise Refused(f"its {name} has {said}, which ONNX has no operator for")
    if vectoriser.stop_words is not None and vectoriser.ngram_range[1] > 1:
        raise Refused(f"its {name} takes stop words out before it pairs words, which ONNX has no operator for")
    if vectoriser.token_pattern not in _TOKENS:
        raise Refused(
            f"its {name} has a token_pattern of its own ({vectoriser.token_pattern}), which ONNX Runtime may read differently"
        )
    return _TOKENS[vectoriser.token_pattern]


def _locale(vectoriser: Any) -> str:
    """Every machine has "C", which leaves letters outside of ASCII as they are; they matter only where the words have some."""
    return "C" if all(word.isascii() for word in vectoriser.vocabulary_) else "C.UTF-8"


def _counted(graph: Graph, vectoriser: Any, tokens: str) -> str:
    shortest, longest = vectoriser.ngram_range
    grams: dict[int, list[tuple[list[str], int]]] = {size: [] for size in range(1, longest + 1)}
    for gram, place in vectoriser.vocabulary_.items():
        words = gram.split(" ")
        if not shortest <= len(words) <= longest or not all(words):
            raise Refused(f"its vocabulary holds {gram!r}, which is not made of {shortest} to {longest} words")
        grams[len(words)].append((words, int(place)))
    pool: list[str] = []
    starts, places = [], []
    for size in range(1, longest + 1):
        starts.append(len(pool))
        for words, place in grams[size]:
            pool.extend(words)
            places.append(place)
    if not pool:
        raise Refused("its vocabulary is empty")
    return graph.add(
        "TfIdfVectorizer", tokens, mode="TF", min_gram_length=shortest, max_gram_length=longest, max_skip_count=0,
        ngram_counts=starts, ngram_indexes=places, pool_strings=pool,
    )  # fmt: skip


def _weighed(graph: Graph, vectoriser: Any, counts: str) -> str:
    transformer = getattr(vectoriser, "_tfidf", None)
    if transformer is None:
        return counts
    if transformer.sublinear_tf:  # 1 + log of counts, nothing where there is none
        logs = graph.add("Add", graph.add("Log", graph.add("Max", counts, graph.store([1.0]))), graph.store([1.0]))
        counts = graph.add("Mul", logs, graph.add("Sign", counts))
    if transformer.use_idf:
        counts = graph.add("Mul", counts, graph.store(np.asarray(vectoriser.idf_)[None, :]))
    if transformer.norm is None:
        return counts
    axis = graph.store([1], np.int64)
    length = graph.add("ReduceL2" if transformer.norm == "l2" else "ReduceL1", counts, axis, keepdims=1)
    tiny = graph.store([np.finfo(graph.dtype).tiny])
    return graph.add("Div", counts, graph.add("Max", length, tiny))
