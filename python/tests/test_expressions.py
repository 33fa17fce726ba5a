import math
from fractions import Fraction

import numpy
import pytest

import promptbound as pb
from promptbound.expressions import record, symbols


def value(text, x):
    """The value of a recorded text at an input, by Python's own evaluation."""
    names = {name: getattr(math, name) for name in ("sqrt", "exp", "log", "sin", "cos", "tanh", "pi")}
    names |= {"min": min, "max": max, "abs": abs, "x": _Entries(x)}
    outputs = []
    for statement in text.split(";"):
        name, equals, body = statement.partition("=")
        result = eval((body if equals else statement).strip().replace("^", "**"), names)
        if equals:
            names[name.strip()] = result
        else:
            outputs.append(result)
    return outputs


class _Entries:
    def __init__(self, x):
        self.x = x

    def __getitem__(self, place):
        return self.x[place[0]][place[1]]


def function(x):
    a, b, c, d = x[0][0], x[0, 1], x[1][0], x[1, 1]
    u = a * b - c / (1 + d)
    return [[u * u + pb.sin(2 * pb.pi * a), abs(-b) ** 3], [pb.maximum(a, b, Fraction(1, 2)) - pb.minimum(c, 1), numpy.exp(u) + "1/3"]]


def test_a_function_is_recorded_as_what_it_computes():
    text = record(function, 2, 2)
    x = [[0.3, 0.7], [0.2, 0.9]]
    u = 0.3 * 0.7 - 0.2 / 1.9
    # Token by token: x[0,0], x[1,0], x[0,1], x[1,1].
    expected = [u * u + math.sin(2 * math.pi * 0.3), 0.7 - 0.2, 0.7**3, math.exp(u) + 1 / 3]
    assert value(text, x) == pytest.approx(expected, rel=1e-14)
    assert text.count("x[0,0]*") == 0 and text.count("(x[0,0] * x[0,1])") == 1, "what is used twice is recorded once"


def test_arrays_of_symbols_go_through_numpy():
    def averaged(x):
        return numpy.tile(x.mean(axis=1, keepdims=True), (1, 3)) * numpy.array([[1, 2, 3]]) + numpy.sin(x) - numpy.float64(0.5)

    x = numpy.array([[0.1, 0.4, 0.8], [0.5, 0.6, 0.0]])
    expected = x.mean(axis=1, keepdims=True) * numpy.array([[1, 2, 3]]) + numpy.sin(x) - 0.5
    assert value(record(averaged, 2, 3), x) == pytest.approx(list(expected.T.ravel()), rel=1e-14)
    assert value(record(lambda x: pb.maximum(x), 2, 3), x) == [0.8]
    assert value(record(lambda x: pb.minimum(x, 1 - x), 2, 3), x) == pytest.approx(list(numpy.minimum(x, 1 - x).T.ravel()))
    assert value(record(lambda x: pb.tanh(x @ numpy.ones((3, 3), dtype=int)), 2, 3), x) == pytest.approx(
        list(numpy.tanh(x @ numpy.ones((3, 3))).T.ravel()))


def test_numbers_are_recorded_exactly():
    assert record(lambda x: x[0][0] * "0.1", 1, 1) == "(x[0,0] * (0.1))"
    assert record(lambda x: x[0][0] + Fraction(1, 3), 1, 1) == "(x[0,0] + (1/3))"
    assert record(lambda x: 0, 1, 1) == "(0)"
    with pytest.warns(pb.FloatWarning):
        assert "3602879701896397/36028797018963968" in record(lambda x: 0.1 * x[0][0], 1, 1)
    assert record(lambda x: pb.sin(1) * x[0][0], 1, 1) == "(sin((1)) * x[0,0])"


@pytest.mark.parametrize("target, sentence", [
    (lambda x: x[0][0] if x[0][0] < x[0][1] else x[0][1], "a comparison of symbols has no truth value"),
    (lambda x: max(x[0][0], x[0][1]), "a comparison of symbols has no truth value"),
    (lambda x: x[0][0] == x[0][1] and 1, "a comparison of symbols has no truth value"),
    (lambda x: 1 if x[0][0] else 0, "a symbol has no truth value"),
    (lambda x: math.sin(x[0][0]), "use sin, exp, .. of promptbound or numpy"),
])
def test_branches_and_numbers_are_refused(target, sentence):
    with pytest.raises(TypeError, match=sentence):
        record(target, 1, 2)


def test_shapes_and_exponents_are_checked():
    with pytest.raises(pb.InputError, match=r"outputs of shape \(2,\)"):
        record(lambda x: [1, 2], 2, 1)
    with pytest.raises(pb.InputError, match="a whole number, or 1/2"):
        record(lambda x: x[0][0] ** "1/3", 1, 1)
    assert record(lambda x: x[0][0] ** "1/2", 1, 1) == "sqrt(x[0,0])"
    assert record(lambda x: 2 ** x[0][0], 1, 1) == "exp((x[0,0] * log((2))))"
    assert symbols(2, 3).shape == (2, 3)


def test_deep_and_shared_graphs_are_short():
    def chaotic(x):
        y = x[0][0]
        for _ in range(200):
            y = 3 * y * (1 - y)
        return y

    text = record(chaotic, 1, 1)
    assert len(text) < 20000
    y = 0.3
    for _ in range(200):
        y = 3 * y * (1 - y)
    assert value(text, [[0.3]]) == [y]

    def long(x):
        return sum((x[0][0] + i for i in range(3000)), start=0)

    assert value(record(long, 1, 1), [[0.5]]) == pytest.approx([3000 * 0.5 + sum(range(3000))])
