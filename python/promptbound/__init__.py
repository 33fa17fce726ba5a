"""Certified bounds, exact constructions and rigorous checks for the theory of prompt tuning transformers.

    >>> import promptbound as pb
    >>> print(pb.bounds(d=2, L=2, eps="1/10"))      # doctest: +SKIP
    >>> pb.evaluate("entropy-bits", d=2, L=2, eps="1/10").tokens    # doctest: +SKIP

Numbers go in as int, Fraction, Decimal, str or float and are exact; they come out as int, Fraction or an Interval that
holds the true number. Unusable input is an InputError (a ValueError); what no precision decides is Undecided.
"""

from promptbound._core import FloatWarning, InputError, Undecided, __version__
from promptbound.attention import Attention, attention
from promptbound.bounds import bounds, catalogue, evaluate, solve, sweep
from promptbound.expressions import absolute, cos, exp, log, maximum, minimum, pi, sin, sqrt, tanh
from promptbound.models import (Audit, Check, Construction, Memorization, PrefixMemorization, Structure, Transformer, audit, check, construct,
                                constructions, memorize, read_labels, structure)
from promptbound.numbers import Interval, Magnitude, PowerTower
from promptbound.recall import Recall, recall
from promptbound.results import Bounds, Bracket, End, NotApplicable, Result, Results
from promptbound.theory import TheoryItem, theory
from promptbound.verify import MeanError, Verification, mean_error, verify

__all__ = [
    "Attention", "Audit", "Bounds", "Bracket", "Check", "Construction", "End", "FloatWarning", "InputError", "Interval", "Magnitude", "MeanError",
    "Memorization", "NotApplicable", "PowerTower", "PrefixMemorization", "Recall", "Result", "Results", "Structure", "TheoryItem", "Transformer", "Undecided", "Verification",
    "__version__", "absolute", "attention", "audit", "bounds", "catalogue", "check", "construct", "constructions", "cos", "evaluate",
    "exp", "log", "maximum", "mean_error", "memorize", "minimum", "pi", "read_labels", "recall", "sin", "solve", "sqrt", "structure", "sweep", "tanh", "theory", "verify",
]
