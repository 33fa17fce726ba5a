#!/usr/bin/env python3
"""Writes a random model of GPT-2's sizes and layout and its own greedy continuation of a token, to time recall on.

    bench/verify/recall_model.py FOLDER [--layers 12] [--width 768] [--vocabulary 50257] [--length 100] [--deviation 0.02]

Weights are binary32 numbers, normal with that standard deviation; gains are 1 and biases 0. The continuation is computed in
binary32 by numpy and written to FOLDER/ids.json. The same arguments give the same bytes of the model.
"""
import argparse
import json
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from tensor_file import write_tensors  # noqa: E402


def shapes(d, layers, vocabulary):
    result = {"wte.weight": (vocabulary, d), "wpe.weight": (1024, d)}
    for layer in range(layers):
        for name, shape in {
            "ln_1.weight": (d,), "ln_1.bias": (d,), "ln_2.weight": (d,), "ln_2.bias": (d,),
            "attn.c_attn.weight": (d, 3 * d), "attn.c_attn.bias": (3 * d,), "attn.c_proj.weight": (d, d), "attn.c_proj.bias": (d,),
            "mlp.c_fc.weight": (d, 4 * d), "mlp.c_fc.bias": (4 * d,), "mlp.c_proj.weight": (4 * d, d), "mlp.c_proj.bias": (d,),
        }.items():
            result[f"h.{layer}.{name}"] = shape
    result["ln_f.weight"] = result["ln_f.bias"] = (d,)
    return result


def random_weights(d, layers, vocabulary, deviation):
    rng = numpy.random.default_rng(1)
    weights = {}
    for name, shape in shapes(d, layers, vocabulary).items():
        if name.endswith(".bias"):
            weights[name] = numpy.zeros(shape, numpy.float32)
        elif "ln_" in name:
            weights[name] = numpy.ones(shape, numpy.float32)
        else:
            weights[name] = (deviation * rng.standard_normal(shape, numpy.float32)).astype(numpy.float32)
    return weights


def normed(x, weights, name):
    x = x - x.mean()
    return x / numpy.sqrt((x * x).mean() + numpy.float32(1e-5)) * weights[name + ".weight"] + weights[name + ".bias"]


def greedy(weights, layers, heads, start, length):
    """One token at a time, keys and values kept."""
    kept = [([], []) for _ in range(layers)]
    ids = [start]
    for position in range(length):
        z = weights["wte.weight"][ids[-1]] + weights["wpe.weight"][position]
        for layer in range(layers):
            w = {name.split(".", 2)[2]: value for name, value in weights.items() if name.startswith(f"h.{layer}.")}
            q, k, v = numpy.split(normed(z, w, "ln_1") @ w["attn.c_attn.weight"] + w["attn.c_attn.bias"], 3)
            keys, values = kept[layer]
            keys.append(k.reshape(heads, -1))
            values.append(v.reshape(heads, -1))
            scores = numpy.einsum("hs,ths->ht", q.reshape(heads, -1), numpy.array(keys)) / numpy.sqrt(numpy.float32(len(q) // heads))
            p = numpy.exp(scores - scores.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            z = z + numpy.einsum("ht,ths->hs", p, numpy.array(values)).reshape(-1) @ w["attn.c_proj.weight"] + w["attn.c_proj.bias"]
            x = normed(z, w, "ln_2") @ w["mlp.c_fc.weight"] + w["mlp.c_fc.bias"]
            x = x / 2 * (1 + numpy.tanh(numpy.float32(0.7978845608) * (x + numpy.float32(0.044715) * x ** 3)))
            z = z + x @ w["mlp.c_proj.weight"] + w["mlp.c_proj.bias"]
        ids.append(int(numpy.argmax(weights["wte.weight"] @ normed(z, weights, "ln_f"))))
    return ids[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768, help="a multiple of 64")
    parser.add_argument("--vocabulary", type=int, default=50257)
    parser.add_argument("--length", type=int, default=100)
    parser.add_argument("--deviation", type=float, default=0.02)
    options = parser.parse_args()
    if options.width % 64 != 0 or options.width < 64:
        parser.error("--width: a multiple of 64 is needed, the heads having width 64")
    d, heads = options.width, options.width // 64
    (options.folder / "model").mkdir(parents=True, exist_ok=True)
    (options.folder / "model/config.json").write_text(json.dumps({
        "model_type": "gpt2", "vocab_size": options.vocabulary, "n_embd": d, "n_head": heads, "n_layer": options.layers, "n_positions": 1024}))
    weights = random_weights(d, options.layers, options.vocabulary, options.deviation)
    write_tensors(options.folder / "model/model.safetensors", "F32", {name: values.shape for name, values in weights.items()},
                  lambda name, _: weights[name].tobytes())
    tokens = greedy(weights, options.layers, heads, 1, options.length)
    (options.folder / "ids.json").write_text(json.dumps({"schema": 1, "sequences": [{"start": [1], "tokens": tokens}]}))


if __name__ == "__main__":
    main()
