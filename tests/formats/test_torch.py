import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from effaudit.core.candidate import Artifact, Contract, Trust
from effaudit.core.plugin import Refused
from effaudit.formats.torch import Torch

TRUSTED = Trust(everything=True)
FREE = {0: torch.export.Dim("batch")}


class Net(torch.nn.Module):
    def __init__(self, last=None):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Dropout(0.5))
        self.head = torch.nn.Linear(8, 3)
        self.last = last

    def forward(self, x):
        scores = self.head(self.body(x))
        return scores if self.last is None else self.last(scores)


class Pair(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(10, 2)
        self.head = torch.nn.Linear(3, 2)

    def forward(self, word, *, size):
        return {"logits": self.head(torch.cat([self.words(word), size.unsqueeze(1)], 1)), "word": word}


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return Net()


def answered(network, matrix):
    with torch.inference_mode():
        return network.eval()(torch.tensor(matrix, dtype=torch.float32)).numpy()


def saved(program, tmp_path):
    torch.export.save(program, str(tmp_path / "net.pt2"))
    return Artifact(str(tmp_path / "net.pt2"), "torch", TRUSTED)


def test_an_exported_network_answers_as_its_original(tmp_path, numbers, request_of, net):
    matrix = numbers[0]
    net.train()
    artifact = Torch().write(net, tmp_path / "net", request_of(matrix[:1]))
    assert net.training
    assert artifact == Artifact(str(tmp_path / "net.pt2"), "torch", TRUSTED)
    model = Torch().open(artifact, 1)
    assert model.contract() == Contract()
    ask = model.predictor(Contract(output="logits"))
    assert np.allclose(ask(request_of(matrix)), answered(net, matrix), atol=1e-6)
    assert np.allclose(ask(request_of(matrix[:1])), answered(net, matrix[:1]), atol=1e-6)
    holed = matrix.copy()
    holed[3, 2] = np.nan
    assert np.isnan(ask(request_of(holed))[3]).all()


def test_what_it_answers_is_seen_where_it_ends_in_a_softmax(tmp_path, numbers, request_of):
    for last, output in (
        (torch.nn.Softmax(dim=1), "probabilities"),
        (torch.nn.Sigmoid(), "probabilities"),
        (torch.nn.LogSoftmax(1), "logits"),
    ):
        model = Torch().open(Torch().write(Net(last), tmp_path / "net", request_of(numbers[0])), 1)
        assert model.contract().output == output
        if output == "probabilities":
            with pytest.raises(Refused, match="leave `output: logits` out"):
                model.predictor(Contract(output="logits"))
    plain = Torch().open(Torch().write(Net(), tmp_path / "net", request_of(numbers[0])), 1)
    with pytest.raises(Refused, match="write `output: logits`"):
        plain.predictor(Contract())


def test_several_inputs_take_arrays_by_name_and_type_and_give_what_is_asked_for(tmp_path):
    pair = Pair().eval()
    word, size = torch.arange(6) % 10, torch.linspace(0, 1, 6)
    program = torch.export.export(pair, (word,), {"size": size}, dynamic_shapes={"word": FREE, "size": FREE})
    model = Torch().open(saved(program, tmp_path), 1)
    assert model.contract().columns == ("word", "size")
    request = {"size": size.double().numpy(), "word": word.double().numpy(), "more": np.zeros(6)}
    answer = model.predictor(Contract(output="logits"))(request)
    with torch.inference_mode():
        assert np.allclose(answer, pair(word, size=size)["logits"].numpy(), atol=1e-6)
    with pytest.raises(Refused, match=r"answers several things \(logits, word\)"):
        model.predictor(Contract(output="values"))(request)


def test_techniques_get_the_arrays_that_the_network_takes(tmp_path, numbers, request_of, net):
    model = Torch().open(Torch().write(net, tmp_path / "net", request_of(numbers[0])), 1)
    (array,) = model.feeder(Contract())(request_of(numbers[0]))
    assert array.dtype == np.float32
    assert array.shape == (160, 5)


def test_images_take_the_networks_shape(tmp_path):
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(2 * 36, 3)).eval()
    images = np.random.default_rng(0).integers(0, 255, (4, 8, 8)).astype(np.uint8)
    program = torch.export.export(network, (torch.zeros(2, 1, 8, 8),), dynamic_shapes=(FREE,))
    answer = Torch().open(saved(program, tmp_path), 1).predictor(Contract(output="logits"))({"image": images})
    assert np.allclose(answer, answered(network, images.reshape(4, 1, 8, 8)), atol=1e-5)


def test_a_fixed_batch_is_refused_with_the_line_to_write(tmp_path, net):
    model = Torch().open(saved(torch.export.export(net.eval(), (torch.zeros(4, 5),)), tmp_path), 1)
    for ask in (model.contract, lambda: model.predictor(Contract(output="logits"))):
        with pytest.raises(
            Refused, match=r"takes exactly 4 rows at a time; .*dynamic_shapes=\(\{0: torch\.export\.Dim\('batch'\)\},\)"
        ):
            ask()


def test_facts_count_weights_and_operators(tmp_path, numbers, request_of, net):
    facts = Torch().open(Torch().write(net, tmp_path / "net", request_of(numbers[0])), 1).facts()
    weights = 5 * 8 + 8 + 8 * 3 + 3 + 4 * 8
    assert (facts.family, facts.kind, facts.parameters, facts.nodes) == ("network", "ExportedProgram", weights, 5)
    assert facts.nonzero < weights  # running means and biases of batch norm begin at zero
    linear = Torch().open(Torch().write(torch.nn.Linear(5, 2), tmp_path / "linear", request_of(numbers[0])), 1).facts()
    assert (linear.family, linear.parameters) == ("linear", 12)


def test_programs_need_trust(tmp_path, numbers, request_of, net):
    artifact = Torch().write(net, tmp_path / "net", request_of(numbers[0]))
    with pytest.raises(
        Refused, match=r"unpickles its sample inputs .* write `trust: true` for this candidate; or convert it: torch\.onnx"
    ):
        Torch().open(Artifact(artifact.path, "torch", Trust(types=("torch",))), 1)


def test_threads_are_bound(tmp_path, numbers, request_of, net):
    before = torch.get_num_threads()
    try:
        Torch().open(Torch().write(net, tmp_path / "net", request_of(numbers[0])), 2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_what_cannot_be_exported_says_how_else(tmp_path, numbers, request_of):
    class Branching(torch.nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(
        Refused, match=r"this Branching cannot be exported .*safetensors\.torch\.save_model, and name the file with its `factory`"
    ):
        Torch().write(Branching(), tmp_path / "net", request_of(numbers[0]))


# Weights with a factory


@pytest.fixture
def code(tmp_path, monkeypatch):
    (tmp_path / "own_net.py").write_text(
        "from torch.nn import Dropout, Linear, Sequential, Tanh\n"
        "def build():\n    return Sequential(Linear(5, 8), Tanh(), Dropout(), Linear(8, 3))\n"
        "def other():\n    return Sequential(Linear(5, 8), Tanh(), Linear(8, 3))\n"
        "def wider():\n    return Sequential(Linear(5, 9), Tanh(), Dropout(), Linear(9, 3))\n"
        "def nothing():\n    return 3\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield str(tmp_path)
    sys.modules.pop("own_net", None)


def weights(tmp_path, code, factory="own_net:build", trust=TRUSTED):
    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Dropout(), torch.nn.Linear(8, 3))
    safetensors.torch.save_model(network, str(tmp_path / "net.safetensors"))
    return network, Artifact(str(tmp_path / "net.safetensors"), "torch", trust, factory=factory, code=code)


def test_weights_are_put_into_the_factorys_network(tmp_path, code, numbers, request_of):
    network, artifact = weights(tmp_path, code)
    model = Torch().open(artifact, 1)
    answer = model.predictor(Contract(output="logits"))(request_of(numbers[0]))
    assert np.array_equal(answer, answered(network, numbers[0]))
    facts = model.facts()
    assert (facts.family, facts.kind, facts.parameters) == ("network", "Sequential", 5 * 8 + 8 + 8 * 3 + 3)


def test_a_factory_needs_trust_and_weights_a_factory(tmp_path, code):
    with pytest.raises(Refused, match=r"its factory is Python code, .* write `trust: true`"):
        Torch().open(weights(tmp_path, code, trust=Trust())[1], 1)
    assert "own_net" not in sys.modules
    with pytest.raises(Refused, match="write `factory: module:function`"):
        Torch().open(weights(tmp_path, code, factory=None)[1], 1)


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        ("own_net:other", r"lacks 2\.bias, 2\.weight and has 3\.bias, 3\.weight, which the network does not"),
        ("own_net:wider", "cannot be read as weights for this network"),
        ("own_net:nothing", "gave a int, where a torch.nn.Module is needed"),
        ("own_net:bild", "Did you mean 'build'"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path, code, factory, words):
    with pytest.raises(Refused, match=words):
        Torch().open(weights(tmp_path, code, factory=factory)[1], 1)


def test_the_plans_dtype_decides_what_a_modules_input_is(tmp_path, monkeypatch):
    module = type(sys)("own_embedding")
    module.build = lambda: torch.nn.Sequential(torch.nn.Embedding(10, 2), torch.nn.Flatten())
    monkeypatch.setitem(sys.modules, "own_embedding", module)
    safetensors.torch.save_model(module.build(), str(tmp_path / "e.safetensors"))
    model = Torch().open(Artifact(str(tmp_path / "e.safetensors"), "torch", TRUSTED, factory="own_embedding:build"), 1)
    request = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
    assert model.predictor(Contract(output="values"))(request).shape == (2, 4)
    assert model.predictor(Contract(output="values", dtypes=("int32",)))(request).shape == (2, 4)


# Damaged files


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pt2", b"PK\x03\x04" + bytes(50), "cannot be read as an exported program"),
        ("a.pt2", np.random.default_rng(0).bytes(500), "cannot be read as an exported program"),
        ("a.pt2", b"", "is empty"),
        ("a.pt", b"PK\x03\x04", r"is a pickle that only its own code can read; .*torch\.export\.save"),
        ("a.pth", b"\x80\x02", "is a pickle"),
    ],
)
def test_damaged_and_unreadable_files_are_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused, match=words):
        Torch().open(Artifact(str(tmp_path / name), "torch", TRUSTED), 1)


def test_damaged_weights_are_refused(tmp_path, code):
    _, artifact = weights(tmp_path, code)
    path = Path(artifact.path)
    whole = path.read_bytes()
    for content in (whole[:50], whole[:-20], b"\xff" * 8 + whole[8:], b"{}"):
        path.write_bytes(content)
        with pytest.raises(Refused, match="cannot be read as weights"):
            Torch().open(artifact, 1)


def test_a_missing_library_says_what_to_install(tmp_path, code, monkeypatch):
    _, artifact = weights(tmp_path, code)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(Refused, match=r"pip install 'effaudit\[torch\]'"):
        Torch().open(artifact, 1)


def test_it_recognises_its_suffixes_and_claims_networks(net):
    kind = Torch()
    assert all(kind.recognises(Path(f"a{suffix}"), b"") for suffix in (".pt2", ".safetensors", ".PT", ".pth"))
    assert not kind.recognises(Path("a.onnx"), b"")
    assert kind.claims(net)
    assert kind.claims(torch.export.export(net.eval(), (torch.zeros(4, 5),)))
    assert not kind.claims(torch.zeros(3))
