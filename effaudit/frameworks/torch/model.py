"""PyTorch networks, asked: exported programs, which know their inputs, and modules built by the user's own code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from effaudit.core.candidate import Contract, Facts, Family, Output
from effaudit.core.plugin import Model, Predictor, Refused
from effaudit.core.store import Inputs
from effaudit.core.text import listed
from effaudit.frameworks.inputs import signature
from effaudit.frameworks.inputs.requests import settled

FREE_BATCH = "export it with a free batch size: torch.export.export(net, (x,), dynamic_shapes=({0: torch.export.Dim('batch')},))"

_PASSING = frozenset({"squeeze", "unsqueeze", "view", "reshape", "flatten", "_to_copy", "to", "clone", "contiguous", "alias"})
_WEIGHTED = frozenset({
    "linear", "addmm", "mm", "matmul", "bmm", "conv1d", "conv2d", "conv3d", "convolution", "embedding", "lstm", "gru",
})  # fmt: skip
_BENDS = frozenset({"relu", "gelu", "silu", "tanh", "elu", "leaky_relu", "hardswish", "max_pool2d"})


class Exported(Model):
    """An exported program. `native` is the ExportedProgram."""

    def __init__(self, program: Any) -> None:
        self.native = program
        self._names = [name for name in program.graph_signature.user_inputs if isinstance(name, str)]

    def facts(self) -> Facts:
        """What can be counted in it."""
        ops = [_op(node) for node in self.native.graph.nodes if node.op == "call_function"]
        parameters, nonzero = _counted(self.native.state_dict.values())
        weighted = sum(op in _WEIGHTED for op in ops)
        return Facts(_family(weighted, any(op in _BENDS for op in ops)), "ExportedProgram", parameters, nonzero, len(ops))

    def contract(self) -> Contract:
        """What the file itself says of how it is asked."""
        ports = self._ports()
        columns = tuple(port.name for port in ports) if len(ports) > 1 else ()
        return Contract(columns=columns, output=self._output())

    def predictor(self, contract: Contract) -> Predictor:
        """From a request to the raw answer."""
        if contract.output == "logits" and self._output() == "probabilities":
            raise Refused("its graph ends in a softmax or sigmoid and answers probabilities; leave `output: logits` out")
        ports = self._ports()
        words = list(self.native.call_spec.in_spec.child(1).context or ())
        return asking(self.native.module(), signature.feeding(ports, contract), contract, words)

    def feeder(self, contract: Contract) -> signature.Feed:
        """From a request to what the library's own object takes."""
        return signature.feeding(self._ports(), contract)

    def _ports(self) -> list[signature.Port]:
        import torch

        values = {node.name: node.meta["val"] for node in self.native.graph.nodes if node.op == "placeholder"}
        ports = []
        for name in self._names:
            value = values[name]
            if not isinstance(value, torch.Tensor):
                raise Refused(f"its input {name!r} is no tensor; export it with tensors only")
            sizes = tuple(size if isinstance(size, int) else str(size) for size in value.shape)
            ports.append(signature.Port(name, str(value.dtype).removeprefix("torch."), sizes))
        signature.check_batch(ports, FREE_BATCH)
        self._check_smallest()
        return ports

    def _check_smallest(self) -> None:
        for bounds in self.native.range_constraints.values():
            if int(bounds.lower) > 1:
                raise Refused(f"it takes no fewer than {int(bounds.lower)} rows; {FREE_BATCH}, from an example of two rows or more")

    def _output(self) -> Output | None:
        (end,) = (node for node in self.native.graph.nodes if node.op == "output")
        node = end.args[0][0] if len(end.args[0]) == 1 else None
        while node is not None and node.op == "call_function" and _op(node) in _PASSING:
            node = node.args[0]
        if node is None or node.op != "call_function":
            return None
        if _op(node) == "log_softmax":  # a softmax gives the probabilities back
            return "logits"
        return "probabilities" if _op(node) in ("softmax", "sigmoid") else None


class Built(Model):
    """A module made by a factory, with the file's weights in it. `native` is the torch.nn.Module."""

    def __init__(self, network: Any) -> None:
        self.native = network

    def facts(self) -> Facts:
        """What can be counted in it."""
        tensors = {id(tensor): tensor for tensor in (*self.native.parameters(), *self.native.buffers())}
        parameters, nonzero = _counted(tensors.values())
        leaves = [part for part in self.native.modules() if not list(part.children())]
        weighted = sum(bool(list(part.parameters(recurse=False))) for part in leaves)
        family = _family(weighted, any(_is_bend(part) for part in leaves) or (len(leaves) == 1 and leaves[0] is self.native))
        return Facts(family, type(self.native).__name__, parameters, nonzero)

    def contract(self) -> Contract:
        """What the file itself says of how it is asked."""
        names = forward_inputs(self.native)
        return Contract(columns=names if len(names) > 1 else ())

    def predictor(self, contract: Contract) -> Predictor:
        """From a request to the raw answer."""
        ports = module_ports(self.native, contract)
        return asking(self.native, signature.feeding(ports, contract), contract, [])

    def feeder(self, contract: Contract) -> signature.Feed:
        """From a request to what the library's own object takes."""
        return signature.feeding(module_ports(self.native, contract), contract)


def asking(network: Callable[..., Any], feed: signature.Feed, contract: Contract, words: list[str]) -> Predictor:
    """A predictor that calls a network with tensors, the last of them by keyword if `words` names them."""
    import torch

    if contract.output is None:
        raise Refused("its graph does not say what it answers; write `output: logits`, `probabilities` or `values`")
    call = _calling(network, feed, words)

    def build(request: Inputs) -> Predictor:
        with torch.inference_mode():
            pick = _picking(call(request), contract)

        @torch.inference_mode()
        def ask(request: Inputs) -> Any:
            return pick(call(request))

        return ask

    return settled(build)


def forward_inputs(network: Any) -> tuple[str, ...]:
    """The names that a module's `forward` must be given."""
    parameters = inspect.signature(network.forward).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(each.name for each in parameters if each.kind in kinds and each.default is inspect.Parameter.empty)


def module_ports(network: Any, contract: Contract) -> list[signature.Port]:
    """A module's inputs: of the type of its first weights (whole numbers for an embedding), unless the plan says another."""
    names = forward_inputs(network) or ("x",)
    said = contract.dtypes if len(contract.dtypes) in (1, len(names)) else ()
    dtypes = [*said] * len(names) if len(said) == 1 else [*said] or [_first_dtype(network)] * len(names)
    return [signature.Port(name, dtype, None) for name, dtype in zip(names, dtypes, strict=True)]


def _first_dtype(network: Any) -> str:
    for part in network.modules():
        own = next(part.parameters(recurse=False), None)
        if own is not None:
            return "int64" if type(part).__name__.startswith("Embedding") else str(own.dtype).removeprefix("torch.")
    return "float32"


def _calling(network: Callable[..., Any], feed: signature.Feed, words: list[str]) -> Callable[[Inputs], Any]:
    import torch

    tensor, count = torch.from_numpy, len(words)
    if not words:
        return lambda request: network(*map(tensor, feed(request)))

    def call(request: Inputs) -> Any:
        tensors = [tensor(array) for array in feed(request)]
        return network(*tensors[:-count], **dict(zip(words, tensors[-count:], strict=True)))

    return call


def _picking(answer: Any, contract: Contract) -> Callable[[Any], Any]:
    """From a network's answer to an array: the only tensor, or the one that is named as the plan's `output`."""
    import torch

    if isinstance(answer, torch.Tensor):
        if answer.dtype == torch.bfloat16:  # numpy has no such type
            return lambda answer: answer.float().numpy()
        return lambda answer: answer.numpy()
    if isinstance(answer, (tuple, list)) and len(answer) == 1:
        inner = _picking(answer[0], contract)
        return lambda answer: inner(answer[0])
    if isinstance(answer, Mapping) and (len(answer) == 1 or contract.output in answer):
        name = contract.output if contract.output in answer else next(iter(answer))
        inner = _picking(answer[name], contract)
        return lambda answer: inner(answer[name])
    inside = listed(map(str, answer)) if isinstance(answer, Mapping) else type(answer).__name__
    raise Refused(f"it answers several things ({inside}); wrap it in a module that returns one tensor")


def _op(node: Any) -> str:
    """`aten.linear.default` is `linear`."""
    return str(node.target).removeprefix("aten.").split(".")[0].lstrip("_")


def _counted(tensors: Iterable[Any]) -> tuple[int, int]:
    """(all, those that are not zero) of the numbers in weights and buffers; counters, which are whole numbers, are left out."""
    weights = [tensor for tensor in tensors if tensor.is_floating_point() or tensor.is_quantized or tensor.element_size() == 1]
    return sum(tensor.numel() for tensor in weights), sum(int(tensor.count_nonzero()) for tensor in weights)


def _family(weighted: int, bends: bool) -> Family:
    if weighted == 0:
        return "other"
    return "linear" if weighted == 1 and not bends else "network"


def _is_bend(part: Any) -> bool:
    return type(part).__module__ == "torch.nn.modules.activation"
