import numpy
import pytest

import promptbound as pb


def reference(q, k, v, scale=1.0, causal=False):
    """softmax(scale Q K^T) V in long double."""
    q, k, v = (array.astype(numpy.longdouble) for array in (q, k, v))
    scores = scale * (q @ numpy.swapaxes(k, -1, -2))
    if causal:
        n, m = scores.shape[-2:]
        scores = numpy.where(numpy.arange(m) <= numpy.arange(n)[:, None] + m - n, scores, -numpy.inf)
    weights = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
    return (weights / weights.sum(axis=-1, keepdims=True)) @ v


def arrays(shape, m=None, dtype=numpy.float64, seed=1):
    random = numpy.random.default_rng(seed)
    other = shape[:-2] + (m or shape[-2],) + shape[-1:]
    return [random.standard_normal(s).astype(dtype) for s in (shape, other, other)]


@pytest.mark.parametrize("dtype", [numpy.float32, numpy.float64])
@pytest.mark.parametrize("shape", [(7, 4), (3, 16, 8), (2, 3, 5, 4)])
@pytest.mark.parametrize("causal", [False, True])
def test_every_output_is_within_its_certified_error(dtype, shape, causal):
    q, k, v = arrays(shape, dtype=dtype)
    result = pb.attention(q, k, v, scale="1/4", causal=causal, threads=2)
    assert result.output.shape == shape and result.output.dtype == dtype and result.error.shape == shape
    distance = numpy.abs(result.output - reference(q, k, v, 0.25, causal))
    assert (distance <= result.error + numpy.longdouble(1e-15)).all()
    assert 0 < result.error_bound < (1e-4 if dtype == numpy.float32 else 1e-12)
    assert result.method == "exact" and numpy.asarray(result) is result.output


def test_a_soft_prompt_stands_before_the_keys():
    q, k, v = arrays((2, 6, 4), 9)
    joined = pb.attention(q, k, v, scale="1/2")
    split = pb.attention(q, k[:, 3:], v[:, 3:], scale="1/2", prompt_k=k[:, :3], prompt_v=v[:, :3])
    assert numpy.abs(joined.output - split.output).max() <= joined.error_bound + split.error_bound


def test_strides_cost_one_copy_and_change_nothing():
    q, k, v = arrays((3, 8, 4))
    expected = pb.attention(q, k, v).output
    assert (pb.attention(numpy.asfortranarray(q), k[::1], v).output == expected).all()
    turned = numpy.ascontiguousarray(q.transpose(1, 0, 2)).transpose(1, 0, 2)
    assert not turned.flags.c_contiguous and (pb.attention(turned, k, v).output == expected).all()
    padded = numpy.zeros((3, 8, 7))
    padded[..., :4] = k
    assert (pb.attention(q, padded[..., :4], v).output == expected).all()
    read_only = v.copy()
    read_only.flags.writeable = False
    assert (pb.attention(q, k, read_only).output == expected).all()
    assert pb.attention(q.astype(numpy.float32), k, v).output.dtype == numpy.float64


def test_accuracy_and_methods():
    q, k, v = arrays((512, 2))
    q, k = q / 4, k / 4
    wanted = numpy.abs(v).max() / 1000
    for method in ("polynomial", "cholesky", "exact", "auto"):
        result = pb.attention(q, k, v, accuracy="1/1000", method=method)
        assert result.error_bound <= wanted and (method == "auto" or result.method == method)
        assert numpy.abs(result.output - reference(q, k, v)).max() <= result.error_bound
        assert (result.method == "exact") == (result.rank == 0)
    with pytest.raises(pb.Undecided, match="refused"):
        pb.attention(q, k, v, accuracy="1e-30")


@pytest.mark.parametrize("change, sentence", [
    (dict(k=numpy.ones((3, 5))), "k: shape"), (dict(v=numpy.ones((4, 4))), "v: shape"), (dict(q=numpy.ones(4)), "q: shape"),
    (dict(q=numpy.ones((3, 4), dtype=int)), "q: an array of int64"), (dict(q=numpy.ones((3, 4), dtype=">f8")), "q: an array of >f8"),
    (dict(prompt_k=numpy.ones((3, 4))), "only one is given"), (dict(scale=0), "scale"), (dict(scale="x"), "scale"),
    (dict(accuracy=-1), "accuracy"), (dict(method="fast"), "method is one of"), (dict(rounding="up"), "rounding is"),
    (dict(q=numpy.full((3, 4), numpy.nan)), "finite|NaN|nan"), (dict(threads=0), "threads"),
    (dict(prompt_k=numpy.ones((2, 4)), prompt_v=numpy.ones((3, 4))), "prompt_v: shape"),
])
def test_what_does_not_fit_is_refused(change, sentence):
    q, k, v = arrays((3, 4))
    with pytest.raises(pb.InputError, match=sentence):
        pb.attention(**{"q": q, "k": k, "v": v, **change})
