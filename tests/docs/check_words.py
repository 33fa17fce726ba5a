"""scripts/check-words on a small tree of its own: whole, it passes; with each fault put in, it says which and where."""

import importlib.machinery
import importlib.util
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "check-words")
loader = importlib.machinery.SourceFileLoader("check_words_script", path)
script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(script)

PAGE = """# Words

## refuted

| printed by | what is said | only when | held to it by |
|---|---|---|---|
| `cli/commands/verify.cpp` | verdict | a witness is at hand | tests/cli/verify.cpp "a witness refutes", "whatever the budget" |
"""
SOURCE = 'const char* verdict = "refuted";  // proved\n'
TESTS = 'TEST_CASE("verify: a witness refutes") {}\nTEST_CASE(\n    "it does so "\n    "whatever the budget is") {}\n'


def faults_of(page=PAGE, source=SOURCE, tests=TESTS):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for file, text in (("docs/words.md", page), ("cli/commands/verify.cpp", source), ("tests/cli/verify.cpp", tests)):
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
        return list(script.faults(root))


class CheckWords(unittest.TestCase):
    def test_a_whole_tree_passes(self):
        self.assertEqual(faults_of(), [])

    def test_comments_help_examples_and_refusals_of_input_are_no_claims(self):
        more = '// proved\nf("a number (accepted: at most 5)");\ng("Example:\\n  run --at least 3 holds");\n'
        self.assertEqual(faults_of(source=SOURCE + more), [])

    def test_a_word_that_is_not_listed_is_found_also_across_lines(self):
        self.assertEqual(faults_of(source=SOURCE + 'f("at "\n  "most 3");\n'),
                         ["cli/commands/verify.cpp: says 'at most', and docs/words.md does not say when it may"])

    def test_proved_in_coq_is_another_word_than_proved(self):
        found = faults_of(source=SOURCE + 'f("proved in Coq: x");\n')
        self.assertEqual(found, ["cli/commands/verify.cpp: says 'proved in Coq', and docs/words.md does not say when it may"])

    def test_a_file_that_no_longer_says_it_is_found(self):
        self.assertEqual(faults_of(source="int x;\n"), ["docs/words.md: cli/commands/verify.cpp does not say 'refuted'"])

    def test_tests_that_are_missing_are_found(self):
        self.assertEqual(faults_of(tests='TEST_CASE("it does so whatever the budget is") {}\n'),
                         ["docs/words.md: tests/cli/verify.cpp has no test 'a witness refutes'"])
        self.assertEqual(faults_of(page=PAGE.replace("tests/cli/verify.cpp", "tests/cli/none.cpp")),
                         ["docs/words.md: tests/cli/none.cpp does not exist"])
        without = PAGE.replace('tests/cli/verify.cpp "a witness refutes", "whatever the budget"', "")
        self.assertEqual(faults_of(page=without), ["docs/words.md: no test holds `cli/commands/verify.cpp` to its words"])


if __name__ == "__main__":
    unittest.main()
