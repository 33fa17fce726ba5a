#!/usr/bin/env python3
"""Writes a random model of GPT-2's sizes and layout, and a random prompt for it, to time an audit on.

    bench/audit/random_model.py FOLDER [--layers 12] [--width 768] [--tokens 2] [--vocabulary 50257]
    /usr/bin/time -v build/promptbound audit --model FOLDER/model --prompt FOLDER/prompt --format json

Weights are binary32, of either sign, with magnitudes from 2^-7 to 2^-5; the gains of norms are 1. The same
arguments give the same bytes.
"""
import argparse
import json
import math
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from tensor_file import write_tensors  # noqa: E402

SIGNS = bytes(0x3C | (byte & 0x80) for byte in range(256))


def numbers(rng, count):
    """count binary32 numbers: sign, lowest exponent bit and fraction are random."""
    data = bytearray(4 * count)
    for place in range(3):
        data[place::4] = rng.randbytes(count)
    data[3::4] = rng.randbytes(count).translate(SIGNS)
    return bytes(data)


def random_entries(rng):
    """Gains are 1."""
    def content(name, shape):
        count = math.prod(shape)
        is_gain = name.endswith(("ln_1.weight", "ln_2.weight", "ln_f.weight"))
        return struct.pack("<f", 1) * count if is_gain else numbers(rng, count)

    return content


def model_shapes(d, layers, vocabulary):
    shapes = {"wte.weight": [vocabulary, d], "wpe.weight": [1024, d]}
    for layer in range(layers):
        for name, shape in {
            "ln_1.weight": [d], "ln_1.bias": [d], "ln_2.weight": [d], "ln_2.bias": [d],
            "attn.c_attn.weight": [d, 3 * d], "attn.c_attn.bias": [3 * d],
            "attn.c_proj.weight": [d, d], "attn.c_proj.bias": [d],
            "mlp.c_fc.weight": [d, 4 * d], "mlp.c_fc.bias": [4 * d],
            "mlp.c_proj.weight": [4 * d, d], "mlp.c_proj.bias": [d],
        }.items():
            shapes[f"h.{layer}.{name}"] = shape
    shapes["ln_f.weight"] = shapes["ln_f.bias"] = [d]
    return shapes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768, help="a multiple of 64")
    parser.add_argument("--tokens", type=int, default=2, help="of the prompt")
    parser.add_argument("--vocabulary", type=int, default=50257)
    options = parser.parse_args()
    if options.width % 64 != 0 or options.width < 64:
        parser.error("--width: a multiple of 64 is needed, the heads having width 64")
    rng = random.Random(1)
    for part in ("model", "prompt"):
        (options.folder / part).mkdir(parents=True, exist_ok=True)
    d = options.width
    (options.folder / "model/config.json").write_text(json.dumps({
        "model_type": "gpt2", "vocab_size": options.vocabulary, "n_embd": d, "n_head": d // 64,
        "n_layer": options.layers, "n_positions": 1024}))
    write_tensors(options.folder / "model/model.safetensors", "F32", model_shapes(d, options.layers, options.vocabulary), random_entries(rng))
    (options.folder / "prompt/adapter_config.json").write_text(json.dumps({
        "peft_type": "PROMPT_TUNING", "num_virtual_tokens": options.tokens, "token_dim": d,
        "num_layers": options.layers}))
    write_tensors(options.folder / "prompt/adapter_model.safetensors", "F32", {"prompt_embeddings": [options.tokens, d]}, random_entries(rng))


if __name__ == "__main__":
    main()
