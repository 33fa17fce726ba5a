"""scripts/check-includes on a small tree of its own: whole, it passes; with each fault put in, it says which and where."""

import importlib.machinery
import importlib.util
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "check-includes")
loader = importlib.machinery.SourceFileLoader("check_includes_script", path)
script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(script)

PAGE = """| folder | its one job | may include | longest file (at most) |
|---|---|---|---|
| `numeric/` | numbers | - | number.cpp (2 lines) |
| `bounds/` | bounds | `numeric/` | bound.cpp (2 lines) |
"""
NUMBER = "int number;\n"
BOUND = "#include <promptbound/numeric/number.hpp>\nint bound;\n"


def faults_of(page=PAGE, number=NUMBER, bound=BOUND, others=()):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        files = [("docs/architecture.md", page), ("numeric/number.hpp", NUMBER), ("numeric/number.cpp", number), ("bounds/bound.hpp", ""),
                 ("bounds/bound.cpp", bound), *others]
        for file, text in files:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
        return list(script.faults(root))


class CheckIncludes(unittest.TestCase):
    def test_a_whole_tree_passes(self):
        self.assertEqual(faults_of(), [])

    def test_an_include_against_the_arrows(self):
        self.assertEqual(faults_of(number="#include <promptbound/bounds/bound.hpp>\n"),
                         ["numeric/number.cpp: includes bounds/bound.hpp, and numeric may not include bounds"])

    def test_an_include_of_nothing(self):
        self.assertEqual(faults_of(bound="#include <promptbound/numeric/gone.hpp>\n"),
                         ["bounds/bound.cpp: includes numeric/gone.hpp, which does not exist"])

    def test_a_source_whose_header_has_another_name_says_which(self):
        part = ("bounds/part.cpp", "int part;\n")
        self.assertEqual(faults_of(others=[part]), ["bounds/part.cpp: no header of its name, and its first line names none"])
        self.assertEqual(faults_of(others=[("bounds/part.cpp", "// A part of bound.hpp.\n")]), [])
        self.assertEqual(faults_of(others=[("bounds/part.cpp", "// A part of gone.hpp.\n")]),
                         ["bounds/part.cpp: no header of its name, and its first line names none"])

    def test_a_circle_of_rows(self):
        self.assertEqual(faults_of(page=PAGE.replace("| numbers | - |", "| numbers | `bounds/` |")),
                         ["docs/architecture.md: the rows allow a circle through numeric"])

    def test_a_longer_file(self):
        self.assertEqual(faults_of(number="int a;\nint b;\nint c;\n"),
                         ["numeric/number.cpp: 3 lines, and the row of numeric says at most 2"])

    def test_folders_and_rows_are_the_same(self):
        self.assertEqual(faults_of(others=[("verify/check/check.hpp", "")]), ["verify/check: no row in docs/architecture.md"])
        self.assertEqual(faults_of(page=PAGE + "| `models/` | files | `numeric/` | a.cpp (1 lines) |\n"),
                         ["docs/architecture.md: models holds no sources"])

    def test_a_crowded_folder(self):
        many = [(f"bounds/bound_{i}.hpp", "") for i in range(script.MOST_FILES)]
        self.assertEqual(faults_of(others=many), [f"bounds: {script.MOST_FILES + 2} files (at most {script.MOST_FILES})"])


if __name__ == "__main__":
    unittest.main()
