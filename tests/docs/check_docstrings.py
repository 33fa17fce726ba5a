"""scripts/check-docstrings on a small tree of its own: whole, it passes; with each fault put in, it says which and where."""

import importlib.machinery
import importlib.util
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "check-docstrings")
loader = importlib.machinery.SourceFileLoader("check_docstrings_script", path)
script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(script)

HEADER = """/// Whole numbers.
#pragma once

namespace promptbound {

/// A whole number, of any size.
struct Number {
  /// Takes its digits.
  explicit Number(const char* digits);
  /// The digits.
  const char* digits = "0";
  int size = 0;  ///< of the digits
};

/// Returns the least number above x,
/// however large.
[[nodiscard]] Number next(const Number& x);

/// Adds x to each.
template <class T, class S = T>
void add(T& to, const S& x);

}  // namespace promptbound
"""


def faults_of(header):
    with tempfile.TemporaryDirectory() as name:
        file = pathlib.Path(name) / "numeric" / "number.hpp"
        file.parent.mkdir()
        file.write_text(header)
        return list(script.faults(pathlib.Path(name)))


class CheckDocstrings(unittest.TestCase):
    def test_a_whole_tree_passes(self):
        self.assertEqual(faults_of(HEADER), [])

    def test_a_function_without_a_verb(self):
        self.assertEqual(faults_of(HEADER.replace("Returns the least", "The least")),
                         ["numeric/number.hpp:15: a function's comment begins with a verb, not 'The least number above x, however large.'"])

    def test_a_template_without_a_verb(self):
        self.assertEqual(faults_of(HEADER.replace("Adds x", "For each x")),
                         ["numeric/number.hpp:19: a function's comment begins with a verb, not 'For each x to each.'"])

    def test_a_constructor_without_a_verb(self):
        self.assertEqual(faults_of(HEADER.replace("Takes its", "Its")),
                         ["numeric/number.hpp:8: a function's comment begins with a verb, not 'Its digits.'"])

    def test_a_fragment_of_a_type(self):
        self.assertEqual(faults_of(HEADER.replace("A whole number, of", "Of")),
                         ["numeric/number.hpp:6: a fragment, 'Of any size.'"])


if __name__ == "__main__":
    unittest.main()
