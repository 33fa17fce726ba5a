"""What every subcommand prints with --format json is what docs/json.schema.json says.

    json_schema.py --program PROMPTBOUND

Runs commands of each subcommand on files of the repository and holds each answer to its definition in the schema: the kind of
document that is expected there, not just any.
"""

import argparse
import copy
import json
import os
import pathlib
import shlex
import struct
import subprocess
import sys
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((ROOT / "docs/json.schema.json").read_text())
PROGRAM = None

# Definition, exit code, command. In the order in which they run: later ones read files that earlier ones wrote.
COMMANDS = [
    ("record", 0, "eval entropy-bits --d 2 --L 2 --eps 1/10"),
    ("record", 0, "eval entropy-bits --d 2 --L 2 --m 100 --solve eps"),
    ("record", 0, "eval entropy-bits --d 2 --L 2 --eps 1/2"),
    ("record", 0, "eval quantized-capacity --d 4096 --L 8192 --eps 1e-6"),
    ("record", 0, "eval memory-saturation --m 1000 --w 64 --R 1 --Lambda 2 --Lambda-W 3 --Delta 1 --eps 1/10"),
    ("record", 0, "eval universality-size --d 1 --L 2 --eps 1/10"),
    ("record", 0, "eval polynomial-degree --S 2 --eta 1/100 --d 4 --T 1000"),
    ("record", 0, "eval context-separation --T 2 --s 1/2 --r-min 1 --r-max 2 --v 3 --d 2"),
    ("records", 0, "eval memory-linear --m 1:8:x2 --w 8 --R 5 --Lambda 10 --Delta 1/2 --eps 0.01"),
    ("overview", 0, "bounds --d 2 --L 2 --eps 1/10 --alpha inf --R 1 --Lambda 10"),
    ("overview", 0, "bounds --d 1 --L 2 --eps 1/10 --R 1 --Lambda 1/1000000"),
    ("overview", 0, "bounds --d 1 --L 1 --eps 1/2 --alpha inf"),
    ("overview", 0, "bounds --d 768 --L 512 --eps 0.1 --alpha inf"),
    ("overview", 0, "bounds --d 1000000 --L 1000 --eps 0.001"),
    ("overview", 0, "bounds --N 1000000 --K 10 --P 768"),
    ("overview", 0, "bounds --d 1 --L 2 --eps 1/10 --N 5 --K 70000 --P 1"),
    ("overviews", 0, "bounds --d 1:3 --L 2 --eps 1/10,1/2"),
    ("table", 0, "table --of entropy-bits.tokens,lookup-upper.tokens --d 1:2 --L 2 --eps 1/10,1/2"),
    ("table", 0, "table --preset capacity"),
    ("catalogue", 0, "list"),
    ("catalogue", 0, "list entropy-bits"),
    ("theory_item", 0, "list 1.2"),
    ("theory_item", 0, "list concatenation"),
    ("theory_item", 0, "list 5"),
    ("record", 0, "construct lookup-transformer --d 1 --L 1 --eps 1/5 --alpha inf --target mean -o lookup.json"),
    ("record", 0, "construct impossible-pair --model docs/theory/examples/layer.json -o pair.json"),
    ("run", 0, "run lookup.json --input x.json"),
    ("record", 0, "construct packed-memory-network --N 12 --K 5 --P 2 -o memory.json"),
    ("memory", 0, "run memory.json"),
    ("run", 0, "run docs/theory/examples/layer.json --input docs/theory/examples/tokens.json --scalar interval"),
    ("run", 0, "run docs/theory/examples/layer.json --input docs/theory/examples/tokens.json --scalar mpfr"),
    ("run", 0, "run docs/theory/examples/layer.json --input docs/theory/examples/tokens.json --scalar fast-interval"),
    ("prefix", 1, "memorize --model docs/theory/examples/layer.json --data docs/theory/examples/data.json --prefix"),
    ("verify", 0, "verify lookup.json --target mean --eps 1/5 --alpha inf --certificate proved.json"),
    ("verify", 1, "verify lookup.json --target sine --eps 1/100 --alpha inf --certificate refuted.json"),
    ("verify", 3, "verify lookup.json --target mean --eps 1/10 --alpha inf --boxes 1"),
    ("record", 0, "construct packed-lookup --d 1 --L 1 --eps 1/5 --alpha inf --P 4 --target mean -o packed.json"),
    ("verify", 0, "verify packed.json --target mean --eps 1/5 --certificate packed-proof.json"),
    ("integral", 3, "verify lookup.json --target mean --eps 1/100 --alpha 2 --integral --boxes 50"),
    ("memorize", 1, "memorize --model docs/theory/examples/layer.json --data docs/theory/examples/data.json --certificate impossible.json"),
    ("memorize", 0, "memorize --model docs/theory/examples/layer.json --data docs/theory/examples/data.json --accuracy 1/10"),
    ("memorize", 3, "memorize --model docs/theory/examples/layer.json --data docs/theory/examples/one.json"),
    ("structure", 0, "structure docs/theory/examples/contraction.json --R 1/4 --invert docs/theory/examples/outputs.json"),
    ("structure", 3, "structure docs/theory/examples/layer.json --R 1"),
    ("check", 0, "check proved.json --model lookup.json"),
    ("check", 0, "check refuted.json"),
    ("check", 0, "check impossible.json"),
    ("check", 1, "check damaged.json"),
    ("check", 3, "check refuted.json --bits 64"),
    ("attention", 0, "attention --q q.npy --k k.npy --v v.npy -o out.npy"),
    ("attention", 0, "attention --q q.npy --k k.npy --v v.npy --prompt-k k.npy --prompt-v v.npy --method polynomial --accuracy 1e-2 -o out.npy"),
    ("refusal", 1, "attention --q q.npy --k k.npy --v v.npy --accuracy 1e-300 -o out.npy"),
    ("recall", 3, "recall --model tests/models/data/tiny-gpt2 --prompt tests/models/data/tiny-gpt2-prompt --tokens docs/theory/examples/recall.json --arithmetic f32 --radius 1e-9 --largest-radius"),
    ("recall", 1, "recall --model tests/models/data/tiny-gpt2 --prompt tests/models/data/tiny-gpt2-prompt --drawn 1:2:3 --prompt-as int8"),
    ("audit", 0, "audit --model tests/models/data/tiny-gpt2 --prompt tests/models/data/tiny-gpt2-prompt"),
    ("audit", 0, "audit --model tests/models/data/realfiles/deep-gpt2-xl-48-layers --prompt tests/models/data/realfiles/deep-prompt-p48"),
    ("table", 0, "phase --T 256 --d 2 --accuracy 1e-2 --ratios 1/10,1"),
]


def validator(name):
    schema = {key: SCHEMA[key] for key in ("$schema", "$defs")}
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


def npy(rows, columns, values):
    """A .npy file of binary64 entries."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{rows * columns}d", *values)


def prepare(folder):
    for name in ("docs", "tests"):
        os.symlink(ROOT / name, folder / name)
    (folder / "x.json").write_text('[["1/3"]]')
    for k, name in enumerate("qkv"):
        (folder / f"{name}.npy").write_bytes(npy(6, 2, [((7 * i + k) % 11) / 10 - 0.5 for i in range(12)]))


class Schema(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        named = {reference["$ref"].rsplit("/", 1)[1] for reference in SCHEMA["anyOf"]}
        self.assertEqual(named, {name for name, _, _ in COMMANDS}, "every document has a command here")

    def test_every_subcommand_prints_what_the_schema_says(self):
        seen = {}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            prepare(folder)
            for definition, code, command in COMMANDS:
                if "damaged.json" in command:
                    text = (folder / "impossible.json").read_text()
                    (folder / "damaged.json").write_text(text.replace('"4/3"', '"5/3"'))
                words = shlex.split(command) + ["--format", "json"]
                with self.subTest(command=command):
                    run = subprocess.run([PROGRAM] + words, cwd=folder, capture_output=True, text=True)
                    self.assertEqual(run.returncode, code, run.stderr)
                    document = json.loads(run.stdout)
                    for error in validator(definition).iter_errors(document):
                        self.fail(f"{command}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}")
                    seen[definition] = document
        self.assertEqual(len(seen), len(SCHEMA["anyOf"]))
        self.no_document_passes_without_its_members(seen)

    def no_document_passes_without_its_members(self, seen):
        """The schema is no empty form: a document that lacks any of its members, or says a verdict that is none, fails."""
        for definition, document in seen.items():
            whole = document[0] if isinstance(document, list) else document
            optional = {"reason", "parameters", "no_necessary", "no_sufficient"}
            for member in set(whole) - optional:
                less = copy.deepcopy(document)
                del (less[0] if isinstance(less, list) else less)[member]
                self.assertFalse(validator(definition).is_valid(less), f"{definition} without {member}")
            if "verdict" in whole:
                self.assertFalse(validator(definition).is_valid({**whole, "verdict": "true"}), definition)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.program)
    unittest.main(argv=[sys.argv[0]] + rest)
