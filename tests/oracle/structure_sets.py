#!/usr/bin/env python3
"""Random small models: constants, separation and preimages of `structure` against theory 3.1 and 3.2 in mpmath.

    structure_sets.py --program build/promptbound --sets 100 --seed 1

Constants must be the formula's, rounded up by little; no pair of nearby inputs may be moved apart by more than `lipschitz`, or
together by more than `separation`; the input behind given outputs must lie in the printed preimage.
"""
import argparse
import json
import random
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from mpmath import exp, mp, mpf, sqrt, svd_r

mp.dps = 50
SLACK = mpf(10) ** -12  # constants are rounded up to binary64 at most this much


def matrix(rng, rows, columns, scale):
    return [[Fraction(rng.randint(-9, 9), rng.randint(1, 9)) * scale for _ in range(columns)] for _ in range(rows)]


def real(x):
    return mpf(x.numerator) / x.denominator


def times(M, v):
    return [sum((real(x) * y for x, y in zip(row, v)), mpf(0)) for row in M]


def norm(v):
    return sqrt(sum(x * x for x in v))


def spectral(M):
    return max(svd_r(mp.matrix([[real(x) for x in row] for row in M]), compute_uv=False))


def product(M, N):
    return [[sum((x * y for x, y in zip(row, column)), Fraction(0)) for column in zip(*N)] for row in M]


class Layer:
    def __init__(self, rng, d):
        scale = Fraction(1, rng.choice([3, 10, 30, 100]))
        self.heads = [{"W_Q": matrix(rng, d, d, scale), "W_K": matrix(rng, d, d, Fraction(1, 3)), "W_V": matrix(rng, d, d, scale),
                       "W_O": matrix(rng, d, d, Fraction(1, 3))} for _ in range(rng.randint(1, 2))]
        self.ffn = None
        if rng.random() < 0.7:
            hidden = rng.randint(1, 4)
            self.ffn = {"W_1": matrix(rng, hidden, d, scale), "b_1": matrix(rng, 1, hidden, 1)[0],
                        "W_2": matrix(rng, d, hidden, Fraction(1, 3)), "b_2": matrix(rng, 1, d, scale)[0]}

    def constants(self, R):
        """c, g and the radius after the layer."""
        c, growth = mpf(0), mpf(0)
        for head in self.heads:
            A = spectral(product([list(x) for x in zip(*head["W_K"])], head["W_Q"]))
            V = spectral(product(head["W_O"], head["W_V"]))
            c += V * (A * R * R + sqrt(1 + (A * R * R) ** 2))
            growth += V
        R = R * (1 + growth)
        if self.ffn is None:
            return c, mpf(0), R
        g = spectral(self.ffn["W_1"]) * spectral(self.ffn["W_2"])
        bias = spectral(self.ffn["W_2"]) * norm([real(x) for x in self.ffn["b_1"]]) + norm([real(x) for x in self.ffn["b_2"]])
        return c, g, R * (1 + g) + bias

    def apply(self, tokens, causal):
        moved = []
        for i, x in enumerate(tokens):
            visible = tokens[:i + 1] if causal else tokens
            y = x
            for head in self.heads:
                query = times(head["W_Q"], x)
                weights = [exp(sum(p * q for p, q in zip(times(head["W_K"], z), query))) for z in visible]
                mean = [sum(p * z[c] for p, z in zip(weights, visible)) / sum(weights) for c in range(len(x))]
                y = [a + b for a, b in zip(y, times(head["W_O"], times(head["W_V"], mean)))]
            moved.append(y)
        if self.ffn is None:
            return moved
        result = []
        for x in moved:
            hidden = [max(mpf(0), h + real(b)) for h, b in zip(times(self.ffn["W_1"], x), self.ffn["b_1"])]
            result.append([a + h + real(b) for a, h, b in zip(x, times(self.ffn["W_2"], hidden), self.ffn["b_2"])])
        return result


def apply(layers, tokens, causal):
    for layer in layers:
        tokens = layer.apply(tokens, causal)
    return tokens


def in_ball(rng, d, R):
    v = [mpf(rng.gauss(0, 1)) for _ in range(d)]
    length = R * mpf(rng.choice([1, 1, rng.random()])) * (1 - mpf(10) ** -9) / norm(v)
    return [x * length for x in v]


def distance(X, Y):
    """In the max-token norm."""
    return max(norm([a - b for a, b in zip(x, y)]) for x, y in zip(X, Y))


def texts(value):
    return [texts(x) for x in value] if isinstance(value, list) else str(value)


def check(program, rng):
    d, causal, R = rng.randint(1, 3), rng.random() < 0.5, Fraction(rng.randint(1, 8), 4)
    layers = [Layer(rng, d) for _ in range(rng.randint(1, 2))]
    model = {"schema": 1, "d": d, "causal": causal, "layers": [
        {"heads": [{name: texts(M) for name, M in head.items()} for head in layer.heads],
         **({"ffn": {name: texts(M) for name, M in layer.ffn.items()}} if layer.ffn else {})} for layer in layers]}
    tokens = [in_ball(rng, d, real(R)) for _ in range(rng.randint(1, 4))]
    outputs = apply(layers, tokens, causal)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, "model.json"), Path(folder, "outputs.json")]
        files[0].write_text(json.dumps(model))
        files[1].write_text(json.dumps([[mp.nstr(x, 45) for x in y] for y in outputs]))
        done = subprocess.run([program, "structure", files[0], "--R", str(R), "--invert", files[1], "--digits", "30", "--format",
                               "json"], capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        return "failed", [f"exit {done.returncode}: {done.stderr.strip()}"], model
    answer = json.loads(done.stdout)
    found = []

    def constant(name, printed, right):
        value = mpf(printed["upper"])
        if not right * (1 - mpf(10) ** -30) <= value <= right * (1 + SLACK) + SLACK:
            found.append(f"{name} {printed['upper']}, right is {mp.nstr(right, 30)}")

    radius, Lambda = real(R), mpf(1)
    for layer, printed in zip(layers, answer["layers"] or []):
        c, g, after = layer.constants(radius)
        for name, right in (("c", c), ("g", g), ("R_out", after)):
            constant(name, printed[name], right)
        Lambda *= (1 + c) * (1 + g)
        radius = after
    if answer["lipschitz"] is not None:
        constant("lipschitz", answer["lipschitz"], Lambda)
    prompt = [in_ball(rng, d, real(R)) for _ in range(rng.randint(0, 3))]
    for _ in range(12):
        step = mpf(10) ** -rng.choice([0, 1, 12])
        other = [[x + step * mpf(rng.gauss(0, 1)) for x in token] for token in tokens]
        if any(norm(token) > real(R) for token in other):
            continue
        ratio = distance(apply(layers, prompt + tokens, causal)[len(prompt):], apply(layers, prompt + other, causal)[len(prompt):])
        ratio /= distance(tokens, other)
        if answer["lipschitz"] is not None and ratio > mpf(answer["lipschitz"]["upper"]):
            found.append(f"a pair is moved apart {mp.nstr(ratio, 20)} times")
        if answer["separation"] is not None and ratio < mpf(answer["separation"]["lower"]):
            found.append(f"a pair is moved together to {mp.nstr(ratio, 20)} of its distance")
    if answer["verdict"] == "proved" and answer["preimage"] is not None:
        for token, enclosure in zip(tokens, answer["preimage"]["tokens"]):
            for x, printed in zip(token, enclosure):
                low, high = mpf(printed["lower"]), mpf(printed["upper"])
                if not low - mpf(10) ** -29 <= x <= high + mpf(10) ** -29:
                    found.append(f"preimage {printed} does not contain {mp.nstr(x, 40)}")
        if answer["preimage"]["exists"] is False:
            found.append("the preimage does exist")
    return answer["verdict"], found, model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, bad, verdicts = random.Random(options.seed), 0, {}
    for index in range(options.sets):
        verdict, found, model = check(options.program, rng)
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
        if found:
            bad += 1
            print(f"set {index}:", "; ".join(found[:4]), json.dumps(model)[:400], flush=True)
    print(f"{options.sets} sets, seed {options.seed}, {bad} different:", verdicts)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
