#!/usr/bin/env python3
"""Random parameter sets: every bound of the catalogue, forwards and backwards, against the oracle of this folder.

    random_sets.py --program build/promptbound --sets 10000 --seed 1

Every form (id, direction, norm, b present or absent, alpha infinite or not) gets the same share of the sets, and more where the bound
applies to fewer than three quarters of it. Ends with exit code 1 if an integer differs, an enclosure does not contain the value or is wide,
an applicable bound is undecided or takes over ten seconds of a processor, or the oracle itself fails or is slow.
"""
import argparse
import json
import random
import resource
import signal
import subprocess
import sys
import traceback
from collections import Counter, defaultdict
from fractions import Fraction

import attention_bounds as attention
import entropy_lipschitz as lipschitz
import length_bounds as length
import memory_bounds as memory
import packed_bounds as packed
from compare import differences
from length_bounds import NotApplicable
from reals import Undecided
from sets import FORMS, draw

sys.set_int_max_str_digits(0)
SLOW = 10
STOPPED = 120
ORACLE_SECONDS = 300

ORACLE = {
    ("quantized-capacity", ""): length.quantized_capacity,
    ("quantized-capacity", "eps"): length.quantized_capacity_eps,
    ("entropy-bits", ""): length.entropy_bits,
    ("entropy-bits", "eps"): length.entropy_bits_eps,
    ("entropy-lipschitz", ""): lipschitz.entropy_lipschitz,
    ("entropy-lipschitz", "eps"): lipschitz.entropy_lipschitz_eps,
    ("lookup-upper", ""): length.lookup_upper,
    ("lookup-upper", "eps"): length.lookup_upper_eps,
    ("universality-size", ""): length.universality_size,
    ("packed-upper", ""): packed.packed_upper,
    ("packed-upper", "eps"): packed.packed_upper_eps,
    ("packed-memory", ""): packed.packed_memory,
    ("packed-memory", "N"): packed.packed_memory_N,
    ("entropy-simplex", ""): packed.entropy_simplex,
    ("entropy-simplex", "eps"): packed.entropy_simplex_eps,
    ("memory-linear", ""): memory.memory_linear,
    ("memory-linear", "m"): memory.memory_linear_m,
    ("memory-saturation", ""): memory.memory_saturation,
    ("memory-bits", ""): memory.memory_bits,
    ("memory-bits", "m"): memory.memory_bits_m,
    ("accessible-length", ""): memory.accessible_length,
    ("accessible-length", "m"): memory.accessible_length_m,
    ("accessible-length-published", ""): memory.accessible_length_published,
    ("context-separation", ""): attention.context_separation,
    ("polynomial-degree", ""): attention.polynomial_degree,
    ("polynomial-degree", "S"): attention.polynomial_degree_S,
    ("efficiency-threshold", ""): attention.efficiency_threshold,
}


class TooSlow(Exception):
    pass


def processor_seconds():
    """Of all children so far: other work on the machine does not count."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def command_of(program, id, solve, values):
    command = [program, "eval", id, "--format", "json"] + (["--solve", solve] if solve else [])
    for name, value in values.items():
        command += ["--" + name, value]
    return command


def run(command):
    """The program's exit code, record, message and processor seconds; no exit code where these ran out."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (STOPPED, STOPPED))
    before = processor_seconds()
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    seconds = processor_seconds() - before
    record = json.loads(done.stdout) if done.stdout.startswith("{") else None
    return None if done.returncode < 0 and seconds >= STOPPED - 1 else done.returncode, record, done.stderr.strip(), seconds


def number(text):
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return Fraction(text)
    power = Fraction(10 ** abs(int(exponent)))
    return Fraction(mantissa) * (power if int(exponent) > 0 else 1 / power)


WORDS = {"norm"}
WHOLE = {"d", "L", "m", "w", "b", "N", "K", "P", "v", "l", "T", "g", "d-v", "exp-cost"}
DEFAULTS = {"d": 1, "L": 1, "C": Fraction(1), "alpha": Fraction(2), "b": 16, "K": 2, "norm": "euclidean", "ball-radius": Fraction(1),
            "told-apart": None, "eta": Fraction(1, 1000), "exp-cost": 6, "m": 1}


def arguments(function, id, values):
    """The oracle's arguments from the texts given to the program, defaults included."""
    result = {}
    for name in function.__code__.co_varnames[:function.__code__.co_argcount]:
        option = name.replace("_", "-")
        if name in ("claimed_k", "guess"):
            continue
        if option in values:
            text = values[option]
            result[name] = text if option in WORDS else None if text == "inf" else int(text) if option in WHOLE else number(text)
        elif option == "b" and id == "lookup-upper":
            result[name] = None
        elif id == "polynomial-degree" and option in ("S", "eta", "g", "d", "d-v", "T"):
            result[name] = None
        elif option == "P":
            result[name] = None
        elif option == "w":
            result[name] = int(values["d"])
        elif option == "d-v":
            result[name] = None
        else:
            result[name] = DEFAULTS[option]
    return result


def expectation(id, solve, values, record):
    """The oracle's outputs, None where the bound is not applicable."""
    function = ORACLE[id, solve]
    hints = {}
    outputs = (record or {}).get("outputs", {})
    names = function.__code__.co_varnames
    if "claimed_k" in names and (outputs.get("k") or {}).get("exact"):
        hints["claimed_k"] = int(outputs["k"]["exact"])
    if "guess" in names and (outputs.get("degree") or {}).get("exact"):
        hints["guess"] = int(outputs["degree"]["exact"])
    try:
        return function(**arguments(function, id, values), **hints)
    except NotApplicable:
        return None


def check(command, id, solve, values):
    """(verdict, details, seconds of the program)."""
    code, record, message, seconds = run(command)
    text = " ".join(command[1:])
    if code is None:
        return "slow", f"{text}\n    no answer in {seconds:.1f} s", seconds
    if code not in (0, 3) or record is None:
        return "failed", f"{text}\n    exit {code}: {message}", seconds
    signal.setitimer(signal.ITIMER_VIRTUAL, ORACLE_SECONDS)
    try:
        expected = expectation(id, solve, values, record)
        if code == 3:
            problems = [f"undecided: {record.get('reason')}"] if expected is not None else []
        elif not record["applicable"]:
            problems = [] if expected is None else [f"should be applicable: {record.get('reason')}"]
        elif expected is None:
            problems = ["should not be applicable"]
        else:
            problems = differences(record, expected)
    except TooSlow:
        return "oracle too slow", text, seconds
    except Undecided:
        return "oracle undecided", text, seconds
    except Exception as fault:  # one wrong set does not end a run
        place = traceback.extract_tb(fault.__traceback__)[-1]
        return "oracle fault", f"{text}\n    {place.name}, line {place.lineno} of {place.filename}: {fault!r}", seconds
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if problems:
        kind = "undecided" if code == 3 else "different"
        return kind, "\n    ".join([text] + problems), seconds
    if seconds > SLOW:
        return "slow", f"{text}\n    {seconds:.1f} s", seconds
    return "agree" if record["applicable"] else "not applicable", text, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--sets", type=int, default=10_000, help="sets in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="ids that begin with this")
    parser.add_argument("--small", action="store_true", help="no sets that take either side long")
    options = parser.parse_args()

    def interrupt(*_):
        raise TooSlow()
    signal.signal(signal.SIGVTALRM, interrupt)

    forms = [form for form in FORMS if not options.only or form[0].startswith(options.only)]
    each = -(-options.sets // len(forms))
    table, slowest, bad = defaultdict(Counter), defaultdict(float), 0
    for form in forms:
        rng = random.Random(f"{options.seed} {form}")
        for index in range(4 * each):
            if index >= each and 4 * table[form]["agree"] >= 3 * each:
                break
            values = draw(rng, form, index, options.small)
            command = command_of(options.program, form[0], form[1], values)
            verdict, details, seconds = check(command, form[0], form[1], values)
            table[form][verdict] += 1
            slowest[form] = max(slowest[form], seconds)
            if verdict not in ("agree", "not applicable"):
                bad += 1
                print(f"{verdict}: {details}", flush=True)
        print(*(part for part in form if part), dict(table[form]), f"slowest {slowest[form]:.2f} s", flush=True)
    total = sum((table[form] for form in forms), Counter())
    least = min(table[form]["agree"] for form in forms)
    print(f"{sum(total.values())} sets, {len(forms)} forms, seed {options.seed}: {dict(total)}; "
          f"each form applies and agrees at least {least} times; slowest {max(slowest.values()):.2f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
