"""A network student: a few dense layers, trained by PyTorch and written as ONNX, which needs no PyTorch to run."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.toolkit.graphs.graph import Flow, Graph
from effaudit.toolkit.graphs.trees import two_columns
from effaudit.toolkit.soft_targets import Course, Lessons
from effaudit.toolkit.students.trees import Schooling

_BATCH = 512
_FASTEST = 4e-3
"""The highest learning rate, reached after a third of the steps."""
_PATIENCE = 4
"""Epochs without a gain after which training stops."""

Layers = Sequence[tuple[Array, Array]]
"""Weights (inputs, outputs) and biases (outputs,), in order."""


def taught(learnt: Course, aside: Course, how: Schooling, tell: Callable[[float], None]) -> Layers:
    """Layers whose last one answers scores of the classes (of the positive one, where there are two) or labels, or values.

    Features are of single precision. Rows set aside choose the best epoch.
    """
    import torch

    torch.manual_seed(how.seed)
    torch.set_num_threads(how.threads)
    scale = _Scale.of(learnt.lessons)
    data, watched = (_tensors(part, scale) for part in (learnt, aside))
    outputs = 1 if learnt.lessons.kind == "classes" and data[1].shape[1] == 2 else data[1].shape[1]
    widths = [learnt.features.shape[1], *how.size, outputs]
    layers = [torch.nn.Linear(before, after) for before, after in itertools.pairwise(widths)]
    parts = [part for layer in layers for part in (layer, torch.nn.ReLU())][:-1]
    net = torch.nn.Sequential(*parts)
    torch.set_flush_denormal(True)  # weights that fade away would make every step slow
    try:
        _train(net, data, watched, learnt.lessons, how, tell)
    finally:
        torch.set_flush_denormal(False)
    found = [(layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in layers]
    return [*found[:-1], scale.undone(*found[-1])]


def answer(graph: Graph, features: Flow, layers: Layers, kind: str) -> Flow:
    """Adds the layers to a graph: from features to probabilities (rows, classes), or (rows, labels), or values."""
    name, width = features.name, features.width
    for number, (weights, biases) in enumerate(layers):
        name = graph.add("Gemm", name, graph.store(weights), graph.store(biases))
        width = len(biases)
        if number < len(layers) - 1:
            name = graph.add("Relu", name)
    if kind == "values":
        return Flow(name, width)
    if kind == "classes" and width > 1:
        return Flow(graph.add("Softmax", name, axis=1), width)
    shares = graph.add("Sigmoid", name)
    return Flow(two_columns(graph, shares), 2) if kind == "classes" else Flow(shares, width)


class _Scale:
    """Values are learnt with mean 0 and deviation 1; the last layer undoes that."""

    def __init__(self, mean: Array, deviation: Array) -> None:
        self.mean, self.deviation = mean, deviation

    @classmethod
    def of(cls, lessons: Lessons) -> _Scale:
        """That of the values to learn; none for classes and labels."""
        if lessons.kind != "values":
            return cls(np.zeros(1), np.ones(1))
        deviation = lessons.blended.std(axis=0)
        return cls(lessons.blended.mean(axis=0), np.where(deviation > 0, deviation, 1.0))

    def undone(self, weights: Array, biases: Array) -> tuple[Array, Array]:
        """The last layer, answering in the values' own unit."""
        return weights * self.deviation, biases * self.deviation + self.mean


def _tensors(course: Course, scale: _Scale) -> tuple[Any, Any, Any]:
    import torch

    lessons, soft, hard = course.lessons, course.lessons.soft, course.lessons.hard
    if lessons.kind == "values":
        soft = hard = (lessons.blended - scale.mean) / scale.deviation
    return torch.from_numpy(course.features), torch.from_numpy(soft.astype(np.float32)), torch.from_numpy(hard.astype(np.float32))


def _train(net: Any, data: Any, watched: Any, lessons: Lessons, how: Schooling, tell: Callable[[float], None]) -> None:
    """Leaves the weights of the best epoch in `net`."""
    import torch

    begun, rows = time.monotonic(), len(data[0])
    batch = min(_BATCH, max(16, rows // 20))
    steps = how.epochs * max(1, rows // batch)
    optimiser = torch.optim.AdamW(net.parameters(), lr=_FASTEST, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _FASTEST, total_steps=steps, pct_start=0.33)
    best, kept, since = float("inf"), net.state_dict(), 0
    for epoch in range(how.epochs):
        order = torch.randperm(rows)
        for at in range(0, max(1, rows // batch) * batch, batch):
            chosen = order[at : at + batch]
            optimiser.zero_grad()
            _loss(net(data[0][chosen]), data[1][chosen], data[2][chosen], lessons).backward()
            optimiser.step()
            schedule.step()
        with torch.inference_mode():
            loss = float(_loss(net(watched[0]), watched[1], watched[2], lessons))
        since = 0 if loss < best else since + 1
        if since == 0:
            best, kept = loss, {name: value.clone() for name, value in net.state_dict().items()}
        spent = (time.monotonic() - begun) / how.seconds
        tell(min(1.0, max((epoch + 1) / how.epochs, spent)))
        if since >= _PATIENCE or spent > 1.0:
            break
    net.load_state_dict(kept)


def _loss(scores: Any, soft: Any, hard: Any, lessons: Lessons) -> Any:
    import torch
    from torch.nn import functional

    heat, share = lessons.temperature, lessons.share
    if lessons.kind == "values":
        return functional.mse_loss(scores, soft)
    if lessons.kind == "labels":
        warm = functional.binary_cross_entropy_with_logits(scores / heat, soft)
        cold = functional.binary_cross_entropy_with_logits(scores, hard)
    else:
        wide = torch.cat([torch.zeros_like(scores), scores], dim=1) if scores.shape[1] == 1 else scores
        warm, cold = functional.cross_entropy(wide / heat, soft), functional.cross_entropy(wide, hard)
    return share * heat**2 * warm + (1.0 - share) * cold
