"""The catalogue of bounds: forwards, backwards, over ranges, and all at once."""

import os
import sys
import time

from promptbound import _core
from promptbound.results import Bounds, Result, Results


def catalogue():
    """Every bound: a list of dictionaries with id, kind, theory, source, claim, formula, parameters, outputs, solve.

    `parameters` lists name, meaning, unit, what is accepted, and the default; `solve` what solve() can seek.
    """
    return _core.catalogue()


def evaluate(id, *, digits=40, **parameters):
    """Evaluates one bound, such as evaluate("entropy-bits", d=2, L=2, eps="1/10").

    Parameters are those of the command: int, Fraction, Decimal, str ("1/10", "0.1", "inf") or float, taken exactly; a
    hyphen is an underscore (Lambda_W, r_min). digits: significant digits of enclosures. Returns a Result. Raises
    InputError for an unknown id or parameter, a missing one, or a value out of range.
    """
    return Result(_core.evaluate(id, parameters, digits, None))


def solve(id, for_, *, digits=40, **parameters):
    """Reads a bound backwards: solve("entropy-bits", for_="eps", d=2, L=2, m=8) gives the least accuracy eps.

    for_: the parameter that is sought; catalogue() lists what each bound can be solved for. Otherwise as evaluate.
    """
    return Result(_core.evaluate(id, parameters, digits, for_))


def sweep(id, *, for_=None, digits=40, threads=None, progress=None, **parameters):
    """Evaluates a bound at every combination of values, the last parameter running fastest.

    sweep("entropy-bits", d=range(1, 9), L=2, eps=["1/10", "1/100"]). A parameter is one value, any iterable, or a text as
    the command takes it ("1:8", "1:64:x2", "1/10,1/100"). for_: as solve. threads: by default one a processor. The GIL is
    released. progress: a function of (done, total), called some times a second; by default a line on standard error
    after two seconds where that is a terminal; False for none. Returns Results. Ctrl-C ends it.
    """
    say = _line() if progress is None else progress or None
    threads = threads or os.cpu_count() or 1
    records = _core.sweep(id, parameters, digits, threads, for_, say)
    if progress is None and say is not None:
        say(len(records), len(records))
    return Results(Result(record) for record in records)


def bounds(*, digits=40, **parameters):
    """Evaluates every bound that the parameters suffice for: bounds(d=2, L=2, eps="1/10").

    d, L and eps are needed for the bracket of functions, N for that of memory (bounds(N=1000, K=10)); the others of the
    catalogue may be given. Returns Bounds: a sequence of Result with the brackets necessary <= least prompt length <=
    sufficient.
    """
    return Bounds(_core.bounds(parameters, digits))


def _line():
    """How far a long call is, on standard error, from two seconds on; None where nobody would see it."""
    if not sys.stderr.isatty():
        return None
    start = time.monotonic()
    shown = False

    def say(done, total):
        nonlocal shown
        passed = time.monotonic() - start
        if done == total:
            if shown:
                sys.stderr.write("\r\033[K")
        elif passed > 2 and done > 0:
            shown = True
            sys.stderr.write(f"\r\033[Kpromptbound: {done} of {total}, about {passed * (total - done) / done:.0f} s more")
            sys.stderr.flush()

    return say
