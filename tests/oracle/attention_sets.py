#!/usr/bin/env python3
"""Random arrays: the outputs of `attention` against softmax(scale Q K^T) V in mpmath, within the printed error bound.

    attention_sets.py --program build/promptbound --sets 100 --seed 1
"""
import argparse
import ast
import json
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from mpmath import exp, mp, mpf

mp.dps = 40


def write_array(path, rows, kind):
    header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    data = [x for row in rows for x in row]
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                     + struct.pack(f"<{len(data)}{'f' if kind == 'f4' else 'd'}", *data))


def read_array(path):
    content = path.read_bytes()
    start = 10 + struct.unpack("<H", content[8:10])[0]
    header = ast.literal_eval(content[10:start].decode())
    rows, columns = header["shape"][-2:]
    letter = "f" if header["descr"].endswith("4") else "d"
    data = struct.unpack(f"<{rows * columns}{letter}", content[start:])
    return [data[i * columns:(i + 1) * columns] for i in range(rows)]


def rounded(x, kind):
    return struct.unpack("<f", struct.pack("<f", x))[0] if kind == "f4" else x


def array(rng, rows, columns, size, kind):
    shift = rng.choice([0, 0, size * rng.gauss(0, 3)])
    return [[rounded(shift + rng.gauss(0, size), kind) for _ in range(columns)] for _ in range(rows)]


def attention(Q, K, V, scale, prompt, causal):
    outputs = []
    for i, q in enumerate(Q):
        seen = prompt + i + 1 if causal else len(K)
        scores = [scale * sum(mpf(a) * mpf(b) for a, b in zip(q, k)) for k in K[:seen]]
        top = max(scores)
        weights = [exp(s - top) for s in scores]
        total = sum(weights)
        outputs.append([sum(w * mpf(v[c]) for w, v in zip(weights, V)) / total for c in range(len(V[0]))])
    return outputs


def check(program, rng):
    kind = rng.choice(["f4", "f8"])
    n, d, d_v, prompt = rng.randint(1, 24), rng.randint(1, 8), rng.randint(1, 5), rng.choice([0, 0, 3])
    causal = rng.random() < 0.3
    rows = n if causal else rng.randint(1, 24)
    size = 10 ** rng.uniform(-3, 1.2)
    Q, K = array(rng, rows, d, size, kind), array(rng, n, d, size, kind)
    V = array(rng, n, d_v, 10 ** rng.uniform(-6, 6), kind)
    PK, PV = array(rng, prompt, d, size, kind), array(rng, prompt, d_v, 1, kind)
    scale = rng.choice(["1", "1/8", "0.3", "7/2"])
    method = rng.choice(["auto", "exact", "polynomial", "cholesky"])
    accuracy = rng.choice([None, "1e-2", "1e-4", "1e-7", "1e-12"]) if method in ("auto", "exact") else rng.choice(["1e-2", "1e-4", "1e-6"])
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, name + ".npy") for name in ("q", "k", "v", "pk", "pv", "out")}
        for name, rows_of in (("q", Q), ("k", K), ("v", V)) + ((("pk", PK), ("pv", PV)) if prompt else ()):
            write_array(files[name], rows_of, kind)
        command = [program, "attention", "--q", files["q"], "--k", files["k"], "--v", files["v"], "--scale", scale, "--method",
                   method, "--format", "json", "-o", files["out"]]
        command += ["--accuracy", accuracy] if accuracy else []
        command += ["--prompt-k", files["pk"], "--prompt-v", files["pv"]] if prompt else []
        command += ["--causal"] if causal else []
        command += ["--rounding", rng.choice(["prior", "running", "auto"])] if method == "exact" else []
        done = subprocess.run(command, capture_output=True, text=True)
        label = f"{kind} n={n} d={d} prompt={prompt} causal={causal} size={size:.3g} scale={scale} {method} {accuracy}"
        if done.returncode == 1:
            return "refused", []
        if done.returncode != 0:
            return "failed", [f"{label}: exit {done.returncode}: {done.stderr.strip()}"]
        answer, outputs = json.loads(done.stdout), read_array(files["out"])
    top, bottom = (scale.split("/") + ["1"])[:2]
    right = attention(Q, PK + K, PV + V, mpf(top) / mpf(bottom), prompt, causal)
    worst = max(abs(mpf(x) - y) for printed, row in zip(outputs, right) for x, y in zip(printed, row))
    bound = mpf(answer["error_bound"])
    found = []
    if worst > bound:
        found.append(f"{label}: error {mp.nstr(worst, 10)} above the bound {answer['error_bound']}")
    largest = max(abs(x) for row in PV + V for x in row)
    if accuracy and bound > mpf(accuracy) * largest:
        found.append(f"{label}: the bound {answer['error_bound']} is above the accuracy")
    return answer["method"], found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, bad, methods = random.Random(options.seed), 0, {}
    for index in range(options.sets):
        method, found = check(options.program, rng)
        methods[method] = methods.get(method, 0) + 1
        if found:
            bad += 1
            print(f"set {index}:", "; ".join(found), flush=True)
    print(f"{options.sets} sets, seed {options.seed}, {bad} different:", methods)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
