"""Models with a prompt: from arrays, files, PyTorch's layers and constructions; their outputs and what is known of them."""

import json
import math
import os
import pathlib
import tempfile
from fractions import Fraction

import numpy

from promptbound import _core
from promptbound.expressions import target_of
from promptbound.results import Result


class Transformer:
    """A transformer of attention and feed-forward blocks with a soft prompt; all numbers are exact.

    Transformer({"d": 2, "layers": [{"heads": [{"W_Q": A, "W_K": B, "W_V": C, "W_O": D}], "ffn": {"W_1": .., "b_1": ..,
    "W_2": .., "b_2": ..}}], "causal": False}): matrices are NumPy arrays or lists of rows, of any numbers; floats are the
    binary64 numbers that they are. W_O (identity), ffn (none), heads and causal may be absent. A head adds
    W_O W_V sum_j p_j z_j with p_j proportional to exp(<W_K z_j, W_Q x>): no 1/sqrt(d).

    prompt: (m, d), tokens as rows. input_offsets: (L, d), added to the L input tokens. data_width: entries of a token that
    inputs and outputs have, at most d.
    """

    def __init__(self, model, *, prompt=None, input_offsets=None, data_width=None):
        members = {"schema": 1, "causal": False, **model}
        for name, value in (("prompt", prompt), ("input_offsets", input_offsets), ("data_width", data_width)):
            if value is not None:
                members[name] = value
        self._instance = _core.Instance({key: value for key, value in members.items() if value is not None})

    @classmethod
    def _of(cls, instance):
        model = cls.__new__(cls)
        model._instance = instance
        return model

    @classmethod
    def load(cls, path):
        """Reads a model file, JSON or .safetensors, as `promptbound construct` writes it."""
        return cls._of(_core.Instance.read(os.fspath(path)))

    @classmethod
    def from_torch(cls, layer, *, heads=None, drop_norms=False, causal=False, prompt=None, L=None):
        """Takes the weights of a torch.nn.MultiheadAttention or TransformerEncoderLayer, or of its state_dict.

        torch is not imported: whatever has state_dict(), or is a dictionary of tensors or arrays, will do. heads: the
        number of heads, where the layer does not say. The function is x + attention(x), and then x + ffn(x): biases are
        weights of one more coordinate, which is 1 for every token (width d + 1, data_width d). Scores carry 1/sqrt(head
        size) in W_Q, rounded to binary64 where it is irrational. Layer norms are not part of this model: they are refused,
        or left out with drop_norms=True, which gives another function than torch's. The activation must be relu.
        causal: torch takes the mask with the call. prompt: (m, d). L: input tokens (1).
        """
        return cls(**_torch_members(layer, heads, drop_norms, causal, prompt, L))

    width = property(lambda self: self._instance.width, doc="d, entries of a token.")
    data_width = property(lambda self: self._instance.data_width, doc="Entries of a token that inputs and outputs have.")
    layers = property(lambda self: self._instance.layers, doc="How many.")
    causal = property(lambda self: self._instance.causal, doc="Does each token see only those up to its own position?")
    input_tokens = property(lambda self: self._instance.input_tokens, doc="L; 0: inputs of any length.")
    prompt_tokens = property(lambda self: self._instance.prompt_tokens, doc="m.")
    prompt = property(lambda self: self._instance.prompt(), doc="Tokens as rows of Fractions.")

    def to_dict(self):
        """The members of its file; numbers are texts."""
        return json.loads(self._instance.json())

    def with_prompt(self, prompt):
        """The same model with another prompt: (m, d), or None for the empty one."""
        members = self.to_dict()
        members.pop("prompt", None)
        return Transformer(members, prompt=prompt)

    def save(self, path):
        """Writes it, as JSON or, where the name ends so, as .safetensors."""
        path = pathlib.Path(path)
        content = self._instance.safetensors() if path.suffix == ".safetensors" else (self._instance.json() + "\n").encode()
        path.write_bytes(content)

    def run(self, x, *, scalar="interval", digits=40):
        """The outputs at the input tokens, tokens as rows.

        x: (L, data_width), tokens as rows. scalar: "interval" gives Intervals of width at most 10^-digits max(1, |y|),
        "rational" Fractions (where no exponential of a number other than 0 is met), "binary64" floats, uncertified.
        """
        return self._instance.run(x, scalar, digits)

    def memorize(self, data, accuracy=0, *, prefix=False, key_cap=math.inf, value_cap=math.inf):
        """Can a prompt make this one-layer model give these outputs? See promptbound.memorize."""
        return memorize(self, data, accuracy, prefix=prefix, key_cap=key_cap, value_cap=value_cap)

    def structure(self, R=1, D=None):
        """Lipschitz constants and injectivity for tokens of norm at most R. See promptbound.structure."""
        return structure(self, R, D)

    def __repr__(self):
        return f"<transformer of width {self.width}: {self.layers} layers, {self.prompt_tokens} prompt tokens, {self.input_tokens or 'any'} input tokens>"


class Construction:
    """What construct built: claim (a Result), model (a Transformer, or None), content (a dictionary, or None)."""

    def __init__(self, content, claim):
        self.claim = Result(claim)
        is_model = isinstance(content, _core.Instance)
        self.model = Transformer._of(content) if is_model else None
        self.content = None if is_model else content

    def save(self, path):
        """Writes the file that `promptbound run` and others read."""
        if self.model is not None:
            self.model.save(path)
        else:
            pathlib.Path(path).write_text(json.dumps(self.content) + "\n", encoding="utf-8")

    def __repr__(self):
        return f"<{self.claim.id}: {self.model or sorted(self.content)}>"


def constructions():
    """Every construction: a list of dictionaries with id, theory, source, summary, parameters."""
    return _core.constructions()


def construct(id, **parameters):
    """Builds a theorem's transformer, prompt or data set: construct("lookup-transformer", d=2, eps="1/10", alpha="inf").

    Parameters are those of `promptbound construct` (constructions() names each one's). target: a name, an expression or a
    Python function (promptbound.expressions); with one of your own, C is your word for its Lipschitz constant. model: a
    Transformer or a file; data and tokens: objects or files. Returns a Construction. Ctrl-C works.
    """
    if "target" in parameters:
        target = target_of(parameters.pop("target"), parameters.get("d", 1), parameters.get("L", 1))
        parameters.update({"target" if key == "name" else "target_expression": value for key, value in target.items()})
    if "query" in parameters and not isinstance(parameters["query"], str):
        parameters["query"] = ",".join(_core.number_text(entry, "query") for entry in parameters["query"])
    with tempfile.TemporaryDirectory() as folder:
        for name in ("model", "data", "tokens"):
            if name in parameters and not isinstance(parameters[name], (str, os.PathLike)):
                parameters[name] = _written(parameters[name], pathlib.Path(folder, name))
        try:
            return Construction(*_core.construct(id, parameters))
        except _core.InputError as error:
            raise _core.InputError(str(error).replace(folder + os.sep, "")) from None


def read_labels(memory):
    """The labels that a transformer of theory 5.10 reads from its prompt, one an example, each exactly.

    memory: what construct("packed-memory-network", ...) built, its content, or a file of it. Every weight is compared with
    those of the network that is built again for the examples, and the prompt is decoded: InputError where they differ, or
    an entry is no code.
    """
    content = memory.content if isinstance(memory, Construction) else memory
    if isinstance(content, (str, os.PathLike)):
        content = json.loads(pathlib.Path(content).read_text(encoding="utf-8"))
    return _core.read_labels(content)


def _written(value, path):
    if isinstance(value, Transformer):
        value.save(path)
    else:
        path.write_text(json.dumps(exact_texts(value)), encoding="utf-8")
    return os.fspath(path)


def exact_texts(value):
    """Numbers as exact texts, arrays as lists."""
    if isinstance(value, dict):
        return {key: entry if key == "schema" else exact_texts(entry) for key, entry in value.items()}
    if isinstance(value, numpy.ndarray):
        value = value.tolist()
        return _exact_floats(value)
    if isinstance(value, (list, tuple)):
        return [exact_texts(entry) for entry in value]
    return _core.number_text(value, "data")


def _exact_floats(value):
    if isinstance(value, list):
        return [_exact_floats(entry) for entry in value]
    return str(Fraction(value)) if isinstance(value, float) else _core.number_text(value, "data")


class Answer:
    """Named parts of an answer, as attributes; `to_dict()` has them all."""

    def __init__(self, parts):
        self.__dict__.update(parts)
        self._parts = parts

    def to_dict(self):
        """The parts by name."""
        return dict(self._parts)

    def __str__(self):
        lines = [f"{name}: {value}" for name, value in self._parts.items() if value is not None and name != "certificate"]
        return "\n".join(line if len(line) <= 200 else line[:200] + " .." for line in lines)

    def __repr__(self):
        return f"<{self}>"


class Memorization(Answer):
    """verdict: "possible", "impossible" (at every length) or "unknown"; why.

    prompt: tokens as rows of Fractions; error: an Interval that holds its largest error; no_prompt_shorter_than: int.
    floor: (lower, upper) of e*, what every prompt leaves at the attention output, or None. output_floor: what that forces at the
    layer's output. least_error: (lower, upper or None) over all prompts. rank_lower: tokens that an exact fit needs, at least.
    certificate: JSON text or None. proof: lines.
    """


class PrefixMemorization(Answer):
    """verdict: "possible", "impossible" or "unknown", of exact fits; why.

    least, most: the numbers of pairs of exact fits are those from least to most (math.inf: all longer ones); None where there
    is none or they are not known. empty_fits; certificate: JSON text or None. proof: lines.
    """


class Structure(Answer):
    """injective: proved, for every prompt with such tokens (False: unknown); why; separation: outputs of inputs at
    distance D are at least D times this apart; lipschitz: an upper bound; layers: R, c, g, R_out of each; certificate; proof."""


class Check(Answer):
    """verdict: "accepted", "rejected" or "unknown" (a limit ended the check); reason, object, statement, theorem, trusted, text."""

    @property
    def accepted(self):
        """Was everything recomputed that the certificate claims?"""
        return self.verdict == "accepted"

    def __str__(self):
        return self.text


def memorize(model, data, accuracy=0, *, prefix=False, key_cap=math.inf, value_cap=math.inf):
    """Decides whether some prompt makes a one-layer model give the wanted outputs (theory 2.2 to 2.4; 2.3H for 2 to 4 heads).

    model: a Transformer. data: {"examples": [{"tokens": [[..], ..], "query": 1, "target": [..]}]} or the list of examples;
    tokens as rows, query the index of the token whose output is asked for. accuracy: the largest error allowed, in every
    coordinate. Returns a Memorization. Ctrl-C works.

    prefix=True asks for a prefix instead, key-value pairs of the one head's own (theory 2.2p), at accuracy 0: key_cap and
    value_cap are the largest Euclidean norms of a key and a value. Returns a PrefixMemorization.
    """
    data = data if isinstance(data, dict) else {"examples": data}
    if prefix:
        if accuracy != 0:
            raise _core.InputError("memorize: prefix=True decides exact fits, so accuracy must be 0")
        return PrefixMemorization(_core.memorize_by_prefix(model._instance, {"schema": 1, **data}, key_cap, value_cap))
    if key_cap != math.inf or value_cap != math.inf:
        raise _core.InputError("memorize: key_cap and value_cap need prefix=True")
    return Memorization(_core.memorize(model._instance, {"schema": 1, **data}, accuracy))


def structure(model, R=1, D=None):
    """Lipschitz constants, and injectivity in the input, for tokens of Euclidean norm at most R (theory 3.1, 3.2).

    D, if given, is the largest distance of two tokens of one sequence, prompt included: constants are smaller where tokens
    are alike. Returns a Structure. InputError for a negative R or D.
    """
    return Structure(_core.structure(model._instance, R, D))


class Audit:
    """What the theorems say of real weights and a real soft prompt: `to_dict()` is the command's JSON."""

    def __init__(self, parts):
        self._parts = parts

    def to_dict(self):
        """The JSON object of `promptbound audit --format json`."""
        return self._parts

    def __getitem__(self, name):
        return self._parts[name]

    @property
    def theorems(self):
        """One dictionary a theorem: does it apply to these weights, why, and the value."""
        return self._parts["theorems"]

    def to_pandas(self):
        """The theorems as a pandas.DataFrame."""
        import pandas

        return pandas.DataFrame(self.theorems)

    def __repr__(self):
        return f"<audit: {sum(row['applies'] for row in self.theorems)} of {len(self.theorems)} theorems apply>"


def audit(model, prompt=None, *, context=None, eta="1/100", Delta=1, eps="1/10", assume_inert=(), digits=40, threads=1, texts=(),
          radius="1/1000000", checkpoint=None):
    """Audits a model folder (config.json, model.safetensors) and a soft prompt's (PEFT adapter).

    context: the sequence length T, by default all positions of the model. eta, Delta, eps: as `promptbound audit` takes
    them. assume_inert: members of config.json taken to change nothing. threads: as many layers are
    held and worked on at a time. texts: token ids behind the prompt, one sequence each, for which the Lipschitz constant on
    the ball of this radius around the prompt is wanted (theory 3.4). checkpoint: a file to go on from where it exists; the
    norms of the layers are kept in it until the answer, which says so of those that it took from there. Returns an Audit.
    Ctrl-C works.
    """
    return audit_with({}, "", 0, model, prompt, context=context, eta=eta, Delta=Delta, eps=eps, assume_inert=assume_inert, digits=digits,
                      threads=threads, texts=texts, radius=radius, checkpoint=checkpoint)


def audit_with(known, source, of_source, model, prompt=None, *, context=None, eta="1/100", Delta=1, eps="1/10", assume_inert=(), digits=40, threads=1,
               texts=(), radius="1/1000000", checkpoint=None):
    """As audit, but takes the norms of layers that are known: JSON texts by layer; the file `source` says `of_source` of them."""
    text = _core.audit(os.fspath(model), "" if prompt is None else os.fspath(prompt), context, eta, Delta, eps, list(assume_inert), digits, threads,
                       [[int(id) for id in text] for text in texts], radius, "" if checkpoint is None else os.fspath(checkpoint), known, source, of_source)
    return Audit(json.loads(text))


def check(certificate, *, bits=16384, threads=1, model=None, prompts=()):
    """Recomputes what a certificate claims, by the separate checker.

    certificate: its text, a dictionary, or a path (os.PathLike, or a str that is no JSON). bits: of working precision, at
    most. threads: that bound the boxes of a proof over the cube. model, prompts: folders that a certificate of recall is
    about. Returns a Check.
    """
    where = "certificate"
    if isinstance(certificate, dict):
        certificate = json.dumps(certificate)
    elif isinstance(certificate, os.PathLike) or not certificate.lstrip().startswith("{"):
        where = os.fspath(certificate)
        certificate = pathlib.Path(certificate).read_text(encoding="utf-8")
    return Check(_core.check(certificate, where, bits, threads, "" if model is None else os.fspath(model), [os.fspath(folder) for folder in prompts]))


def _torch_members(layer, heads, drop_norms, causal, prompt, L):
    state = layer.state_dict() if hasattr(layer, "state_dict") else dict(layer)
    attention = getattr(layer, "self_attn", layer)
    heads = heads or getattr(attention, "num_heads", None)
    if not heads:
        raise _core.InputError("heads: a state_dict does not say how many (accepted: heads=N)")
    _require_relu(layer)
    weights = {name: _array(tensor, name) for name, tensor in state.items()}
    prefix = "self_attn." if any(name.startswith("self_attn.") for name in weights) else ""
    take = lambda name, shape=None: _taken(weights, name, shape)
    packed = take(prefix + "in_proj_weight")
    d = packed.shape[1]
    if packed.shape != (3 * d, d) or d % heads:
        raise _core.InputError(f"{prefix}in_proj_weight: shape {packed.shape} with {heads} heads (accepted: (3d, d), d a multiple of heads)")
    bias = take(prefix + "in_proj_bias", (3 * d,)) if prefix + "in_proj_bias" in weights else numpy.zeros(3 * d)
    output = take(prefix + "out_proj.weight", (d, d))
    output_bias = take(prefix + "out_proj.bias", (d,)) if prefix + "out_proj.bias" in weights else numpy.zeros(d)
    size = d // heads
    exact = {key: numpy.vectorize(Fraction, otypes=[object])(value)
             for key, value in {"in": packed, "bias": bias, "out": output, "out_bias": output_bias}.items()}
    root = math.isqrt(size)
    scale = Fraction(1, root) if root * root == size else Fraction(1 / math.sqrt(size))
    with_bias = numpy.concatenate([exact["in"], exact["bias"][:, None]], axis=1)
    made = []
    for head in range(heads):
        rows = slice(head * size, (head + 1) * size)
        query, key, value = (with_bias[part * d:(part + 1) * d][rows] for part in range(3))
        out = exact["out"][:, rows]
        if head == 0 and any(exact["out_bias"]):
            # One more value, 1 for every token, carries the output's bias.
            one = numpy.array([[Fraction(0)] * d + [Fraction(1)]], dtype=object)
            value = numpy.concatenate([value, one])
            out = numpy.concatenate([out, exact["out_bias"][:, None]], axis=1)
        out = numpy.concatenate([out, numpy.array([[Fraction(0)] * out.shape[1]], dtype=object)])
        made.append({"W_Q": (query * scale).tolist(), "W_K": key.tolist(), "W_V": value.tolist(), "W_O": out.tolist()})
    layer_members = {"heads": made}
    if "linear1.weight" in weights:
        first = take("linear1.weight")
        hidden = first.shape[0]
        second = take("linear2.weight", (d, hidden))
        optional = lambda name, count: take(name, (count,)) if name in weights else numpy.zeros(count)
        layer_members["ffn"] = {"W_1": numpy.concatenate([first, numpy.zeros((hidden, 1))], axis=1), "b_1": optional("linear1.bias", hidden),
                                "W_2": numpy.concatenate([second, numpy.zeros((1, hidden))]),
                                "b_2": numpy.concatenate([optional("linear2.bias", d), [0.0]])}
    norms = [name for name in weights if name.split(".")[0] in ("norm1", "norm2")]
    if norms and not drop_norms:
        raise _core.InputError(f"{norms[0]}: layer norms are not part of this model (accepted: drop_norms=True, which leaves them out)")
    for name in norms:
        weights.pop(name)
    if weights:
        raise _core.InputError(f"{next(iter(weights))}: not part of this model (accepted: the weights of MultiheadAttention and TransformerEncoderLayer)")
    members = {"model": {"d": d + 1, "layers": [layer_members], "causal": bool(causal)}, "data_width": d}
    if prompt is not None:
        tokens = numpy.asarray(prompt, dtype=object)
        if tokens.ndim != 2 or tokens.shape[1] != d:
            raise _core.InputError(f"prompt: shape {tokens.shape} (accepted: (m, {d}))")
        members["prompt"] = [[*token, 1] for token in tokens.tolist()]
    # The coordinate that is 1: an input has no other way to it.
    members["input_offsets"] = [[0] * d + [1]] * (L or 1)
    return members


def _require_relu(layer):
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", type(activation).__name__).lower()
    if activation is not None and name != "relu":
        raise _core.InputError(f"activation: {name} (accepted: relu)")
    for flag in ("add_zero_attn",):
        if getattr(getattr(layer, "self_attn", layer), flag, False):
            raise _core.InputError(f"{flag}: not part of this model (accepted: False)")


def _array(tensor, name):
    tensor = tensor.detach() if hasattr(tensor, "detach") else tensor
    tensor = tensor.cpu() if hasattr(tensor, "cpu") else tensor
    try:
        array = numpy.asarray(tensor)
    except (TypeError, ValueError) as error:
        raise _core.InputError(f"{name}: no array ({error})") from None
    if array.dtype not in (numpy.float32, numpy.float64):
        raise _core.InputError(f"{name}: {array.dtype} (accepted: float32, float64)")
    if not numpy.isfinite(array).all():
        raise _core.InputError(f"{name}: a NaN or an infinity (accepted: finite numbers)")
    return array.astype(numpy.float64)


def _taken(weights, name, shape):
    if name not in weights:
        raise _core.InputError(f"{name}: missing (accepted: the weights of MultiheadAttention and TransformerEncoderLayer)")
    array = weights.pop(name)
    if shape is not None and array.shape != shape:
        raise _core.InputError(f"{name}: shape {array.shape} (accepted: {shape})")
    return array
