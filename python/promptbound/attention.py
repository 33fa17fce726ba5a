"""Attention with a soft prompt, every output certified."""

import numpy

from promptbound import _core


class Attention:
    """Outputs of attention with a certified bound on their error; numpy.asarray gives the outputs.

    output: array of shape (.., n, d_v), float32 or float64.
    error: float32 array of the same shape: each entry's distance from the exact result for the given arrays is at most
    this, up to what the rounding of scale to binary64 adds (error_bound has it in).
    error_bound: a float that no entry's error exceeds; inf where nothing is certified.
    method: "exact", "polynomial" or "cholesky", and why: the reason. degree, rank: of the approximation, 0 for exact.
    seconds: of the method, without the choice.
    """

    def __init__(self, answer, shape):
        self.output = answer["output"].reshape(shape)
        self.error = answer["error"].reshape(shape)
        self.error_bound = answer["error_bound"]
        self.method = answer["method"]
        self.why = answer["why"]
        self.degree = answer["degree"]
        self.rank = answer["rank"]
        self.seconds = answer["seconds"]

    def __array__(self, dtype=None, copy=None):
        return numpy.asarray(self.output, dtype=dtype)

    def __repr__(self):
        return f"<attention of shape {self.output.shape}, {self.output.dtype}: error at most {self.error_bound:.3g}, {self.method}>"


def attention(q, k, v, *, scale=1, prompt_k=None, prompt_v=None, accuracy=None, method="auto", rounding="auto", causal=False,
              threads=1):
    """softmax(scale Q [P_K, K]^T) [P_V, V] for every head, with a certified error.

    q: (.., n, d); k: (.., m, d); v: (.., m, d_v); prompt_k: (.., p, d) and prompt_v: (.., p, d_v), keys and values of a soft
    prompt before the others. Leading dimensions (heads first) are the same in all. float32 or float64; where any is
    float64 all are taken so. Arrays in C order are read where they are; others are copied once.
    scale: an exact positive number, such as "1/8" or Fraction(1, 8).
    accuracy: every entry within accuracy times the largest |value| of its head; by default as the exact method gives.
    method: "auto" (the fastest that reaches the accuracy), "exact", "polynomial" or "cholesky".
    rounding: how the exact method bounds rounding errors: "prior", "running" or "auto".
    causal: query i sees the prompt, and the keys up to its own position.
    Returns an Attention. Raises InputError for shapes, types and numbers that do not fit, and for a NaN or an infinity in
    the arrays; Undecided where the accuracy cannot be certified, with the best that can be.
    """
    if (prompt_k is None) != (prompt_v is None):
        raise _core.InputError("prompt_k and prompt_v: only one is given (accepted: both or none)")
    arrays = {"q": q, "k": k, "v": v, "prompt_k": prompt_k, "prompt_v": prompt_v}
    arrays = {name: numpy.asarray(array) for name, array in arrays.items() if array is not None}
    for name, array in arrays.items():
        if array.dtype not in (numpy.float32, numpy.float64) or not array.dtype.isnative:
            raise _core.InputError(f"{name}: an array of {array.dtype} (accepted: float32, float64)")
        if array.ndim < 2:
            raise _core.InputError(f"{name}: shape {array.shape} (accepted: (n, d), (heads, n, d) or more leading dimensions)")
    _require(arrays, "k", "q", lambda shape, like: shape[:-2] + shape[-1:] == like[:-2] + like[-1:], "the heads and columns")
    _require(arrays, "v", "k", lambda shape, like: shape[:-1] == like[:-1], "the heads and rows")
    if prompt_k is not None:
        _require(arrays, "prompt_k", "k", lambda shape, like: shape[:-2] + shape[-1:] == like[:-2] + like[-1:], "the heads and columns")
        _require(arrays, "prompt_v", "v", lambda shape, like: shape[:-2] + shape[-1:] == like[:-2] + like[-1:], "the heads and columns")
        _require(arrays, "prompt_v", "prompt_k", lambda shape, like: shape[-2] == like[-2], "the rows")
    dtype = numpy.result_type(*(array.dtype for array in arrays.values()))
    flat = {name: numpy.ascontiguousarray(array, dtype=dtype).reshape(-1, *array.shape[-2:]) for name, array in arrays.items()}
    answer = _core.attention(flat["q"], flat["k"], flat["v"], flat.get("prompt_k"), flat.get("prompt_v"), scale, accuracy, method,
                             rounding, causal, threads)
    return Attention(answer, arrays["q"].shape[:-1] + arrays["v"].shape[-1:])


def _require(arrays, name, like, fits, what):
    shape, other = arrays[name].shape, arrays[like].shape
    if len(shape) != len(other) or not fits(shape, other):
        raise _core.InputError(f"{name}: shape {shape} does not fit {what} of {like}, {other}")
