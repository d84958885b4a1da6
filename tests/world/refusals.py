"""Combinations that effaudit refuses on purpose: part of the cell's name, part of what is said, and why that is right."""

from __future__ import annotations

REFUSED: tuple[tuple[str, str, str], ...] = (
    (
        "to_onnx of svc with probabilities, calibrated, words, three words",
        "its graph answers otherwise than the model",
        "skl2onnx gives no decision function of an SVC of three classes that is scikit-learn's; the parity check stops the product",
    ),
)


def allowed(cell: str, words: str) -> bool:
    """Is this refusal listed?"""
    return any(name in cell and said in words for name, said, _ in REFUSED)
