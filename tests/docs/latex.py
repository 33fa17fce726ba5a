"""The tables that the commands write as LaTeX compile in one A4 document without a line that is too wide.

    latex.py --program PROMPTBOUND
"""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = None
CONTENT = "docs/theory/examples"
MODEL = "--model tests/models/data/tiny-gpt2"
ATTENTION = " ".join(f"--{name} examples/data/{name.replace('-', '')}.npy" for name in ("q", "k", "v", "prompt-k", "prompt-v"))
ATTENTION = ATTENTION.replace("promptk", "pk").replace("promptv", "pv")
COMMANDS = [
    "list", "list entropy-bits", "list universality-size", "list memory-saturation", "list polynomial-degree",
    "list lookup-transformer", "list shared-query",
    "eval entropy-bits --d 2 --L 2 --eps 1/10",
    "eval universality-size --d 2 --L 2 --eps 1/10",
    "eval polynomial-degree --S 2 --eta 1/100 --d 4 --T 1000",
    "eval context-separation --T 2 --s 1/2 --r-min 1 --r-max 2 --v 3 --d 2",
    "eval quantized-capacity --d 4096 --L 8192 --eps 1e-6",
    "eval memory-saturation --m 1000 --w 64 --R 1 --Lambda 2 --Lambda-W 3 --Delta 1 --eps 1/10",
    "eval memory-saturation --m 1:65536:x4 --w 2 --R 1 --Lambda 2 --Lambda-W 3 --Delta 1 --eps 1/10",
    "bounds --d 2 --L 2 --eps 1/10 --alpha inf --R 1 --Lambda 10",
    "bounds --d 1000000 --L 1000 --eps 0.001",
    "bounds --N 1000000 --K 10 --P 768",
    "bounds --d 1:3 --L 2 --eps 1/4,1/10,1/2",
    "table --of entropy-bits.tokens,lookup-upper.tokens,quantized-capacity.value,universality-size.tokens --d 1:4 --L 2 --eps 1/10,1/100",
    "table --preset capacity",
    "construct lookup-transformer --d 1 --L 1 --eps 1/5 --alpha inf --target mean -o lookup.json",
    "verify lookup.json --target mean --eps 1/5 --alpha inf",
    "verify lookup.json --target sine --eps 1/100 --alpha inf",
    f"memorize --model {CONTENT}/layer.json --data {CONTENT}/data.json --certificate proof.json",
    "check proof.json",
    f"structure {CONTENT}/contraction.json --R 1/4 --invert {CONTENT}/outputs.json",
    f"structure {CONTENT}/layer.json",
    f"run {CONTENT}/layer.json --input {CONTENT}/tokens.json --scalar interval",
    f"attention {ATTENTION} --scale 1/8 --accuracy 1e-3 -o out.npy",
    f"audit {MODEL} --prompt tests/models/data/tiny-gpt2-prompt",
]
HEAD = r"\documentclass[a4paper]{article}\usepackage{booktabs,siunitx,longtable,array}\begin{document}"


class Latex(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        for name in ("docs", "tests", "examples"):
            os.symlink(ROOT / name, pathlib.Path(cls.place.name, name))
        cls.written = {}
        for command in COMMANDS:
            run = subprocess.run([PROGRAM, *shlex.split(command), "--format", "latex"], cwd=cls.place.name, capture_output=True, text=True,
                                 check=False)
            assert run.returncode in (0, 1, 3) and run.stdout, f"{command}: {run.stderr}"
            cls.written[command] = run.stdout

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def test_what_is_no_table_is_a_comment(self):
        for command, text in self.written.items():
            outside = re.sub(r"\n\{.*?\n\}\n", "\n", "\n" + text, flags=re.S)
            with self.subTest(command=command):
                self.assertEqual([line for line in outside.split("\n") if line and not line.startswith("%")], [])

    def test_no_line_is_too_wide(self):
        document = [HEAD]
        for number, text in enumerate(self.written.values()):
            document.append(f"\\typeout{{TABLE {number}}}\n{text}\n")
        (pathlib.Path(self.place.name) / "all.tex").write_text("\n".join(document) + r"\end{document}")
        run = subprocess.run(["pdflatex", "-interaction=nonstopmode", "all.tex"], cwd=self.place.name, capture_output=True, text=True,
                             errors="replace", check=False)
        self.assertEqual(run.returncode, 0, run.stdout[-2000:])
        faults, command = [], None
        for line in run.stdout.split("\n"):
            if match := re.match(r"TABLE (\d+)", line):
                command = COMMANDS[int(match[1])]
            if line.startswith("Overfull \\hbox"):
                faults.append(f"{command}: {line}")
        self.assertEqual(faults, [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.program)
    unittest.main(argv=[sys.argv[0], *rest])
