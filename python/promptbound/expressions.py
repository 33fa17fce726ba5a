"""Target functions of your own: a Python function is called once with symbols and recorded as expressions.

    def target(x):                      # x[i][j]: coordinate i of token j, a NumPy array of symbols
        wave = (1 + sin(2 * pi * x[0][1])) / 2
        return [[wave, x[0][0] * x[0][1]]]

Operators + - * / and ** with a whole number (or 1/2), abs, and the functions of this module: minimum, maximum, absolute,
sqrt, exp, log, sin, cos, tanh, and pi. Numbers are exact: write Fraction(1, 3), "0.1" or integers; a float is the binary64
number that it is. A comparison of symbols has no truth value: a recorded function has no branches.
"""

from fractions import Fraction

import numpy

from promptbound import _core

NAMES = ("identity", "reversal", "mean", "maximum", "sine", "random", "table")


class Symbol:
    """A recorded expression: an entry of the input, or what was made of entries and numbers."""

    __slots__ = ("_sign", "_operands", "__weakref__")

    def __init__(self, sign, *operands):
        self._sign = sign
        self._operands = operands

    def __add__(self, other):
        return _infix("+", self, other)

    def __radd__(self, other):
        return _infix("+", other, self)

    def __sub__(self, other):
        return _infix("-", self, other)

    def __rsub__(self, other):
        return _infix("-", other, self)

    def __mul__(self, other):
        return _infix("*", self, other)

    def __rmul__(self, other):
        return _infix("*", other, self)

    def __truediv__(self, other):
        return _infix("/", self, other)

    def __rtruediv__(self, other):
        return _infix("/", other, self)

    def __pow__(self, exponent):
        if isinstance(exponent, Symbol):
            return exp(exponent * log(self))
        exact = Fraction(_core.number_text(exponent, "exponent"))
        if exact == Fraction(1, 2):
            return sqrt(self)
        if exact.denominator != 1:
            raise _core.InputError(f"exponent {exponent}: (accepted: a whole number, or 1/2; otherwise exp and log)")
        return Symbol("^", self, exact.numerator)

    def __rpow__(self, base):
        return exp(self * log(base))

    def __neg__(self):
        return Symbol("neg", self)

    def __pos__(self):
        return self

    def __abs__(self):
        return Symbol("abs", self)

    # What NumPy calls on arrays of symbols: numpy.sin(x) is x.sin().
    def sqrt(self):
        return Symbol("sqrt", self)

    def exp(self):
        return Symbol("exp", self)

    def log(self):
        return Symbol("log", self)

    def sin(self):
        return Symbol("sin", self)

    def cos(self):
        return Symbol("cos", self)

    def tanh(self):
        return Symbol("tanh", self)

    def __lt__(self, other):
        return _Comparison()

    __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __lt__
    __hash__ = object.__hash__

    def __bool__(self):
        raise TypeError("a symbol has no truth value: the target is recorded once, for every input (use minimum, maximum, abs)")

    def __float__(self):
        raise TypeError("a symbol is no number: use sin, exp, .. of promptbound or numpy in place of those of math")

    def __repr__(self):
        return text_of([self])


class _Comparison:
    def __bool__(self):
        raise TypeError("a comparison of symbols has no truth value: the target is recorded once, for every input "
                        "(use promptbound.minimum, promptbound.maximum and abs in place of if, min and max)")


def _is_operand(value):
    return isinstance(value, (Symbol, int, float, Fraction, str)) or hasattr(value, "as_integer_ratio") or hasattr(value, "__index__")


def _infix(sign, a, b):
    if isinstance(a, numpy.ndarray) or isinstance(b, numpy.ndarray) or not (_is_operand(a) and _is_operand(b)):
        return NotImplemented
    return Symbol(sign, a, b)


def _function(name):
    def apply(x):
        if isinstance(x, numpy.ndarray):
            return numpy.frompyfunc(apply, 1, 1)(x)
        return Symbol(name, x)

    apply.__name__ = name
    apply.__doc__ = f"{name} of a symbol, a number or an array of them, recorded exactly."
    return apply


def _fold(name, python_name):
    def apply(*values):
        if len(values) == 1:
            values = tuple(numpy.ravel(numpy.asarray(values[0], dtype=object)))
        if any(isinstance(value, numpy.ndarray) for value in values):
            return numpy.frompyfunc(apply, len(values), 1)(*values)
        result = values[0]
        for value in values[1:]:
            result = Symbol(name, result, value)
        return result

    apply.__name__ = python_name
    apply.__doc__ = f"The {python_name} of symbols and numbers, entrywise for arrays; of one array, over all its entries."
    return apply


sqrt, exp, log, sin, cos, tanh, absolute = map(_function, ("sqrt", "exp", "log", "sin", "cos", "tanh", "abs"))
minimum, maximum = _fold("min", "minimum"), _fold("max", "maximum")
pi = Symbol("pi")


def symbols(d, L):
    """The input: a NumPy array of shape (d, L) whose entry [i][j] stands for coordinate i of token j."""
    x = numpy.empty((d, L), dtype=object)
    for i in range(d):
        for j in range(L):
            x[i, j] = Symbol("x", i, j)
    return x


def record(function, d, L):
    """Calls the function once with symbols(d, L); returns the text of its outputs.

    It returns one value for all outputs, or d rows of L values (y[i][j]: coordinate i of token j). Raises InputError for
    another shape.
    """
    outputs = numpy.asarray(function(symbols(d, L)), dtype=object)
    if outputs.ndim == 0:
        return text_of([outputs[()]])
    if outputs.shape != (d, L):
        raise _core.InputError(f"target: outputs of shape {outputs.shape} (accepted: one value, or shape ({d}, {L}): coordinates, tokens)")
    return text_of(list(outputs.T.ravel()))


def target_of(target, d, L, **options):
    """What the core takes for a target: a name, an expression or a function."""
    if callable(target):
        return {"expression": record(target, d, L)}
    if not isinstance(target, str):
        raise _core.InputError(f"target: {target!r} (accepted: {', '.join(NAMES)}, an expression, or a function)")
    named = {"name": target} if target in NAMES else {"expression": target}
    return {**named, **{key: value for key, value in options.items() if value is not None}}


def text_of(outputs):
    """Expressions separated by `;`, parts used twice or nested deep under names of their own."""
    order, uses = [], {}
    for output in outputs:
        if isinstance(output, Symbol):
            _visit(output, order, uses)
    texts, depths, statements = {}, {}, []

    def operand(value):
        if isinstance(value, Symbol):
            return texts[id(value)]
        text = _core.number_text(value, "target")
        return f"({text})"

    deepest = 30
    for node in order:
        text = _node_text(node, operand)
        depth = 1 + max((depths[id(value)] for value in node._operands if isinstance(value, Symbol)), default=0)
        if node._sign not in ("x", "pi") and (uses[id(node)] > 1 or depth > deepest):
            name = f"part{len(statements) + 1}"
            statements.append(f"{name} = {text}")
            text, depth = name, 0
        texts[id(node)], depths[id(node)] = text, depth
    return "; ".join(statements + [operand(output) for output in outputs])


def _node_text(node, operand):
    sign, operands = node._sign, node._operands
    if sign == "x":
        return f"x[{operands[0]},{operands[1]}]"
    if sign == "pi":
        return "pi"
    if sign == "neg":
        return f"(-{operand(operands[0])})"
    if sign == "^":
        return f"({operand(operands[0])} ^ ({operands[1]}))"
    if len(sign) == 1:
        return f"({operand(operands[0])} {sign} {operand(operands[1])})"
    return f"{sign}({', '.join(map(operand, operands))})"


def _visit(root, order, uses):
    """Appends the nodes below root to order, operands first, without recursion; counts how often each is used."""
    if id(root) in uses:
        uses[id(root)] += 1
        return
    uses[id(root)] = 1
    pending = [(root, iter(root._operands if root._sign != "x" else ()))]
    while pending:
        node, operands = pending[-1]
        for operand in operands:
            if not isinstance(operand, Symbol):
                continue
            if id(operand) in uses:
                uses[id(operand)] += 1
                continue
            uses[id(operand)] = 1
            pending.append((operand, iter(operand._operands if operand._sign != "x" else ())))
            break
        else:
            order.append(node)
            pending.pop()
