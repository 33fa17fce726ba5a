import json
import math
from fractions import Fraction

import numpy
import pytest

import promptbound as pb

HEAD = {"W_Q": [[1, 0], [0, 1]], "W_K": [["1/2", 0], [0, "0.5"]], "W_V": numpy.array([[1.0, 0.5], [0.25, 1.0]])}
FFN = {"W_1": numpy.eye(2), "b_1": [0, "1/3"], "W_2": [[Fraction(1, 2), 0], [0, 1]], "b_2": numpy.zeros(2)}


def by_hand(x, prompt):
    """The layer of HEAD and FFN in binary64."""
    z = numpy.concatenate([prompt, x])
    scores = x @ (numpy.eye(2) * 0.5) @ z.T
    weights = numpy.exp(scores)
    y = x + (weights / weights.sum(axis=1, keepdims=True)) @ z @ HEAD["W_V"].T
    hidden = numpy.maximum(y + numpy.array([0, 1 / 3]), 0)
    return y + hidden @ numpy.diag([0.5, 1.0])


def test_dictionaries_of_arrays_run_as_by_hand():
    prompt = numpy.array([[0.5, -0.25], [1.0, 0.125]])
    model = pb.Transformer({"d": 2, "layers": [{"heads": [HEAD], "ffn": FFN}]}, prompt=prompt)
    assert (model.width, model.layers, model.prompt_tokens, model.input_tokens, model.causal) == (2, 1, 2, 0, False)
    assert model.prompt == [[Fraction(1, 2), Fraction(-1, 4)], [1, Fraction(1, 8)]]
    x = numpy.array([[0.1, 0.2], [0.7, 0.9], [0.0, 1.0]])
    expected = by_hand(x, prompt)
    enclosed = model.run(x)
    floats = model.run(x, scalar="binary64")
    for row, row_floats, row_expected in zip(enclosed, floats, expected):
        for y, approximate, wanted in zip(row, row_floats, row_expected):
            assert y.width < Fraction(1, 10**39) and abs(float(y) - wanted) < 1e-14 and abs(approximate - wanted) < 1e-14
    with pytest.raises(pb.InputError, match="not rational"):
        model.run(x, scalar="rational")
    with pytest.raises(pb.InputError, match="scalar: 'float'"):
        model.run(x, scalar="float")
    with pytest.raises(pb.InputError, match="input: "):
        model.run(numpy.ones((2, 3)))


def test_files_keep_every_number(tmp_path):
    model = pb.Transformer({"d": 2, "layers": [{"heads": [HEAD], "ffn": FFN}], "causal": True}, prompt=[["1/3", 0]])
    for name in ("model.json", "model.safetensors"):
        model.save(tmp_path / name)
        assert pb.Transformer.load(tmp_path / name).to_dict() == model.to_dict()
    assert pb.Transformer(model.to_dict()).to_dict() == model.to_dict()
    assert model.with_prompt([[1, 2], [3, 4]]).prompt == [[1, 2], [3, 4]] and model.with_prompt(None).prompt_tokens == 0


@pytest.mark.parametrize("model, sentence", [
    ({}, "d"), ({"d": 2}, "layers"), ({"d": 2, "layers": [{"heads": [{**HEAD, "W_Q": [[1]]}]}]}, "W_Q"),
    ({"d": 2, "layers": [{"heads": [], "ffn": {**FFN, "b_1": ["one", 2]}}]}, "b_1"), ({"d": 2, "layers": [{"heads": [], "ffn": {**FFN, "b_1": [None, 2]}}]}, "b_1"),
    ({"d": 2, "layers": [{"heads": [{**HEAD, "W_V": numpy.full((2, 2), numpy.nan)}]}]}, "W_V"),
])
def test_malformed_models_are_refused_by_name(model, sentence):
    with pytest.raises(pb.InputError, match=sentence):
        pb.Transformer(model)


def test_constructions_are_built_without_files():
    built = pb.construct("lookup-transformer", d=1, L=2, eps="1/4", alpha="inf", target="reversal")
    assert built.claim.tokens == built.model.prompt_tokens == 9 and built.claim.theory == "5.2"
    layer = pb.Transformer({"d": 2, "layers": [{"heads": [{"W_Q": [[1, 0], [0, 1]], "W_K": [[1, 0], [0, 1]], "W_V": [[1, 0], [0, 1]]}]}]})
    pair = pb.construct("impossible-pair", model=layer)
    answer = layer.memorize(pair.content)
    assert answer.verdict == "impossible" and pb.check(answer.certificate).accepted
    ids = [entry["id"] for entry in pb.constructions()]
    assert "separated-prompts" in ids
    for call, sentence in ((lambda: pb.construct("lookup"), "did you mean"), (lambda: pb.construct("lookup-transformer", k=3), "does not use it"),
                           (lambda: pb.construct("lookup-transformer", d=2), "eps: not given"),
                           (lambda: pb.construct("lookup-transformer", d=0, eps=1), "d: 0"),
                           (lambda: pb.construct("memorization-prompt", eps="1/10", data={"examples": [1]}), r"^data.examples\[0\]")):
        with pytest.raises(pb.InputError, match=sentence):
            call()


def test_labels_are_read_back_through_the_network():
    inputs = [[[0, "1/3"], [1, 0]], [[0, "1/3"], [0, 1]], [[0.5, 1], [1, 1]], [[0, 0], [0, 0]]]
    labels = [2, 0, 4, 3]
    data = {"schema": 1, "examples": [{"input": x, "label": label} for x, label in zip(inputs, labels)]}
    built = pb.construct("packed-memory-network", data=data, K=5, b=4, P=3)
    assert built.claim.tokens == 2 and built.claim.theory == "5.10"
    assert pb.read_labels(built) == pb.read_labels(built.content) == labels
    model = pb.Transformer(built.content)
    for x, label in zip(inputs, labels):
        assert all(Fraction(label, 4) in row[0] and 0 in row[1] for row in model.run(x, digits=10))
    altered = json.loads(json.dumps(built.content))
    altered["layers"][0]["ffn"]["W_1"][0][0] = "3"
    with pytest.raises(pb.InputError, match="the weights are not those"):
        pb.read_labels(altered)
    with pytest.raises(pb.InputError, match="equals that of"):
        pb.construct("packed-memory-network", data={"examples": [{"input": [[0]]}, {"input": [[0]]}]})


def test_memorize_finds_the_prompt_that_made_the_data():
    layer = {"d": 2, "layers": [{"heads": [{"W_Q": [[1, 0], [0, 1]], "W_K": [[1, 0], [0, 1]], "W_V": [[1, 0], [0, 1]]}]}]}
    prompted = pb.Transformer(layer, prompt=[[Fraction(1, 2), 1], [0, Fraction(1, 3)]])
    tokens = [[[0, 1], [Fraction(1, 2), Fraction(1, 2)]], [[1, 0], [Fraction(1, 2), Fraction(1, 2)]]]
    examples = []
    for sequence in tokens:
        output = prompted.run(sequence)[1]
        examples.append({"tokens": sequence, "query": 1, "target": [round(y.middle, 12) for y in output]})
    answer = pb.memorize(pb.Transformer(layer), examples, "1e-9")
    assert answer.verdict == "possible" and answer.error.upper <= Fraction(1, 10**9)
    assert len(answer.prompt) >= answer.no_prompt_shorter_than
    assert pb.check(answer.certificate).accepted and "possible" in repr(answer) and answer.to_dict()["verdict"] == "possible"
    wrong = json.loads(answer.certificate)
    wrong["sha256"] = "0" * 64
    assert pb.check(wrong).verdict == "rejected"


def test_a_layer_of_two_heads_is_refused_below_its_floor():
    identity = [[1, 0], [0, 1]]
    layer = pb.Transformer({"d": 2, "layers": [{"heads": [{"W_Q": [[1, "1/2"], [-1, 1]], "W_K": identity, "W_V": identity},
                                                          {"W_Q": [[-1, 1], ["1/2", 1]], "W_K": identity, "W_V": [[0, 1], [-1, "1/2"]]}]}]})
    examples = [{"tokens": [[1, "1/2"], other], "query": 0, "target": target}
                for other, target in (([0, 1], [1, 1]), ([-1, "1/2"], [2, 0]), ([1, -1], [0, 1]), ([0, -1], ["3/2", -1]))]
    answer = layer.memorize(examples, "1/1000")
    lower, upper = answer.floor
    assert answer.verdict == "impossible" and Fraction(1, 1000) < lower <= upper <= lower * Fraction(10, 9)
    assert any("2.3H" in line for line in answer.proof) and pb.check(answer.certificate).accepted
    assert layer.memorize(examples, 5).verdict == "possible"


def test_a_prefix_under_caps():
    # Scores 2 z: the examples ask for S = 5 e^2 and the value 3; keys of norm 1 reach m e^-2 to m e^2.
    layer = pb.Transformer({"d": 1, "layers": [{"heads": [{"W_Q": [[2]], "W_K": [[1]], "W_V": [[1]]}]}]})
    examples = [{"tokens": [[1]], "query": 0, "target": ["11/3"]}, {"tokens": [[1], [1]], "query": 0, "target": ["24/7"]}]
    answer = layer.memorize(examples, prefix=True, key_cap=1, value_cap=3)
    assert answer.verdict == "possible" and (answer.least, answer.most, answer.empty_fits) == (5, 272, False)
    assert pb.check(answer.certificate).accepted and any("2.2p" in line for line in answer.proof)
    assert pb.memorize(layer, examples, prefix=True).most == math.inf
    refused = pb.memorize(layer, examples, prefix=True, value_cap="29/10")
    assert refused.verdict == "impossible" and refused.least is None and pb.check(refused.certificate).accepted
    for wrong in ({"prefix": True, "accuracy": "1/10"}, {"key_cap": 1}, {"prefix": True, "key_cap": -1}):
        with pytest.raises(pb.InputError):
            pb.memorize(layer, examples, **wrong)


def test_structure_of_a_contraction():
    model = pb.Transformer({"d": 1, "layers": [{"heads": [{"W_Q": [["1/10"]], "W_K": [[1]], "W_V": [["1/10"]]}]}]})
    answer = model.structure(R=1)
    # 1 + (kappa + sqrt(1 + kappa^2))/10, kappa = 1/10; sqrt(1.01) = 1.00498756...
    assert answer.injective
    assert 1 + Fraction(1, 10) * Fraction("1.10498756") <= answer.lipschitz <= 1 + Fraction(1, 10) * Fraction("1.10498757")
    alike = model.structure(R=1, D=Fraction(1, 10))
    assert alike.injective and alike.lipschitz < answer.lipschitz
    assert pb.check(answer.certificate).accepted
    assert not pb.structure(pb.Transformer({"d": 1, "layers": [{"heads": [{"W_Q": [[9]], "W_K": [[9]], "W_V": [[9]]}]}]})).injective


def test_the_audit_is_the_command_s(root):
    answer = pb.audit(root / "tests/models/data/tiny-gpt2", root / "tests/models/data/tiny-gpt2-prompt", context=64)
    assert answer.to_dict()["schema"] == 1 and any(row["applies"] for row in answer.theorems) and "theorems apply" in repr(answer)
    with pytest.raises(pb.InputError, match="nowhere"):
        pb.audit("nowhere")
    with pytest.raises(pb.InputError, match="--context"):
        pb.audit(root / "tests/models/data/tiny-gpt2", context="1/2")


def test_local_constants_of_texts(root):
    folders = root / "tests/models/data/tiny-gpt2", root / "tests/models/data/tiny-gpt2-prompt"
    rows = {row["what"]: row for row in pb.audit(*folders, texts=[[20, 72, 69]], radius="1/1000000").theorems}
    above = float(rows["Lipschitz constant near this prompt, on these texts"]["value"]["upper"])
    below = float(rows["derivative at this prompt, on these texts"]["value"]["lower"])
    assert 0 < below <= above <= 10 * below
    with pytest.raises(pb.InputError, match="token 96"):
        pb.audit(*folders, texts=[[96]])
    with pytest.raises(pb.InputError, match="radius"):
        pb.audit(*folders, texts=[[1]], radius=-1)


class Tensor:
    """What a torch tensor offers, as far as it is used."""

    def __init__(self, array):
        self.data = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def __array__(self, dtype=None, copy=None):
        return self.data


class Attention:
    num_heads = 2

    def __init__(self, d, seed, **extra):
        random = numpy.random.default_rng(seed)
        self.weights = {"in_proj_weight": random.standard_normal((3 * d, d)), "in_proj_bias": random.standard_normal(3 * d),
                        "out_proj.weight": random.standard_normal((d, d)), "out_proj.bias": random.standard_normal(d), **extra}

    def state_dict(self):
        return {name: Tensor(array.astype(numpy.float32)) for name, array in self.weights.items()}


def multi_head(weights, x, heads):
    """torch.nn.MultiheadAttention by its documentation."""
    d = x.shape[1]
    q, k, v = numpy.split(x @ weights["in_proj_weight"].T + weights["in_proj_bias"], 3, axis=1)
    parts = []
    for rows in numpy.split(numpy.arange(d), heads):
        scores = numpy.exp(q[:, rows] @ k[:, rows].T / numpy.sqrt(d / heads))
        parts.append(scores / scores.sum(axis=1, keepdims=True) @ v[:, rows])
    return numpy.concatenate(parts, axis=1) @ weights["out_proj.weight"].T + weights["out_proj.bias"]


@pytest.mark.parametrize("d", [4, 8])
def test_weights_of_torch_give_torch_s_function(d):
    layer = Attention(d, 3)
    exact = {name: numpy.asarray(tensor).astype(float) for name, tensor in layer.state_dict().items()}
    x = numpy.random.default_rng(5).uniform(size=(3, d))
    model = pb.Transformer.from_torch(layer, L=3)
    assert (model.width, model.data_width) == (d + 1, d)
    output = numpy.array([[float(y) for y in row] for row in model.run(x)])
    assert numpy.abs(output - (x + multi_head(exact, x, 2))).max() < 1e-12
    same = pb.Transformer.from_torch(layer.state_dict(), heads=2, L=3)
    assert same.to_dict() == model.to_dict()
    prompted = pb.Transformer.from_torch(layer, L=3, prompt=numpy.ones((2, d)))
    joined = numpy.concatenate([numpy.ones((2, d)), x])
    expected = (joined + multi_head(exact, joined, 2))[2:]
    assert numpy.abs(numpy.array([[float(y) for y in row] for row in prompted.run(x)]) - expected).max() < 1e-12


def test_an_encoder_layer_s_norms_are_refused_or_left_out():
    def relu():
        pass

    layer = Attention(4, 7)
    random = numpy.random.default_rng(8)
    weights = {f"self_attn.{name}": array for name, array in layer.weights.items()}
    weights |= {"linear1.weight": random.standard_normal((6, 4)), "linear1.bias": random.standard_normal(6),
                "linear2.weight": random.standard_normal((4, 6)), "linear2.bias": random.standard_normal(4)}
    norms = {"norm1.weight": numpy.ones(4), "norm1.bias": numpy.zeros(4), "norm2.weight": numpy.ones(4), "norm2.bias": numpy.zeros(4)}

    class Layer:
        self_attn = layer
        activation = staticmethod(relu)

        def state_dict(self):
            return {**weights, **norms}

    with pytest.raises(pb.InputError, match="norm1.weight: layer norms are not part of this model"):
        pb.Transformer.from_torch(Layer())
    model = pb.Transformer.from_torch(Layer(), drop_norms=True, L=2)
    x = random.uniform(size=(2, 4))
    y = x + multi_head(layer.weights, x, 2)
    y = y + numpy.maximum(y @ weights["linear1.weight"].T + weights["linear1.bias"], 0) @ weights["linear2.weight"].T + weights["linear2.bias"]
    output = numpy.array([[float(value) for value in row] for row in model.run(x)])
    assert numpy.abs(output - y).max() < 1e-11

    def gelu():
        pass

    Layer.activation = staticmethod(gelu)
    with pytest.raises(pb.InputError, match="activation: gelu"):
        pb.Transformer.from_torch(Layer(), drop_norms=True)


@pytest.mark.parametrize("extra, sentence", [
    ({"bias_k": numpy.ones((1, 1, 4))}, "bias_k: not part of this model"), ({"in_proj_weight": numpy.ones((12, 5))}, "in_proj_weight: shape"),
    ({"out_proj.bias": numpy.ones(3)}, "out_proj.bias: shape"), ({"in_proj_bias": numpy.full(12, numpy.inf)}, "in_proj_bias: a NaN or an infinity"),
])
def test_weights_that_are_not_this_model_s_are_refused_by_name(extra, sentence):
    with pytest.raises(pb.InputError, match=sentence):
        pb.Transformer.from_torch(Attention(4, 1, **extra))
    with pytest.raises(pb.InputError, match="heads: a state_dict does not say"):
        pb.Transformer.from_torch(Attention(4, 1).state_dict())
