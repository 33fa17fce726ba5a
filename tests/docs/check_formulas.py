"""scripts/check-formulas on a small tree of its own: whole, it passes; with each fault put in, it says which and where."""

import importlib.machinery
import importlib.util
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "check-formulas")
loader = importlib.machinery.SourceFileLoader("check_formulas_script", path)
script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(script)

PAGE = """## Where each formula is defined

| formula | words | defined in | said again in, and why |
|---|---|---|---|
| softmax | `exp` | `transformer/softmax.cpp` | `attention/`: speed |

## Another table

| a | `sin` | `transformer/softmax.cpp` | - |
"""
FILES = {"docs/architecture.md": PAGE, "transformer/softmax.cpp": "double f(double x) { return exp(x); }\n",
         "attention/exact/kernel.cpp": "exp(1);\n", "verify/other.cpp": '// exp(x)\nconst char* text = "exp"; int expected;\n'}


def faults_of(changed=None):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for file, text in (FILES | (changed or {})).items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
        return list(script.faults(root))


class CheckFormulas(unittest.TestCase):
    def test_a_whole_tree_passes(self):
        self.assertEqual(faults_of(), [])

    def test_a_formula_that_is_said_elsewhere(self):
        self.assertEqual(faults_of({"verify/other.cpp": "double g(double x) { return std::exp(x); }\n"}),
                         ["verify/other.cpp: says exp, and the row of softmax in docs/architecture.md does not name it"])

    def test_a_place_that_no_longer_says_it(self):
        self.assertEqual(faults_of({"attention/exact/kernel.cpp": ""}),
                         ["docs/architecture.md: attention/ says nothing of softmax"])
        self.assertEqual(faults_of({"transformer/softmax.cpp": ""}),
                         ["docs/architecture.md: transformer/softmax.cpp says nothing of softmax"])

    def test_a_page_without_the_table(self):
        self.assertEqual(faults_of({"docs/architecture.md": "## Another\n"}), ["docs/architecture.md: no formulas are listed"])


if __name__ == "__main__":
    unittest.main()
