"""The commands of docs/results.md name what exists: every test filter matches a case, every file and benchmark is there."""

import fnmatch
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CASE = re.compile(r'TEST_CASE(?:_TEMPLATE(?:_DEFINE)?|_FIXTURE)?\(\s*(?:\w+\s*,\s*)?((?:"(?:[^"\\]|\\.)*"\s*)+)')
# A path of the repository at the beginning of a word in code.
PLACE = re.compile(r"(?<![\w./-])(?:scripts|bench|tests|proofs|docs|attention|verify|examples)/[\w./*-]*\w")


def cases():
    """{folder of tests: titles of its cases}"""
    found = {}
    for path in (ROOT / "tests").rglob("*.cpp"):
        folder = path.relative_to(ROOT / "tests").parts[0]
        for match in CASE.finditer(path.read_text()):
            found.setdefault(folder, []).append("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match[1])))
    return found


def faults(page, titles, exists):
    """What the page names and is not there."""
    for program, filters in re.findall(r'\btest_(\w+) -tc="([^"]*)"', page):
        for one in filters.split(","):
            if not any(fnmatch.fnmatchcase(title.lower(), one.lower().replace("[", "[[]")) for title in titles.get(program, [])):
                yield f"test_{program} has no case {one}"
    for code in re.findall(r"`([^`\n]+)`", page):
        for place in PLACE.findall(code):
            if not exists(place):
                yield f"there is no {place}"


class Results(unittest.TestCase):
    def test_everything_named_is_there(self):
        page = (ROOT / "docs/results.md").read_text()
        self.assertEqual(list(faults(page, cases(), lambda place: any(ROOT.glob(place)))), [])
        targets = (ROOT / "bench/CMakeLists.txt").read_text()
        for name in set(re.findall(r"build/bench/bench_(\w+)", page)):
            folder, _, source = name.partition("_")
            self.assertTrue((ROOT / "bench" / folder / f"{source}.cpp").is_file(), name)
            self.assertIn(folder, targets)

    def test_what_is_missing_is_noticed(self):
        page = 'a `test_x -tc="one*,two, three*"` and `scripts/here`, `python3 bench/gone.py`'
        found = list(faults(page, {"x": ["One [case]", "two - three"]}, lambda place: place == "scripts/here"))
        self.assertEqual(found, ["test_x has no case two", "test_x has no case  three*", "there is no bench/gone.py"])

    def test_titles_are_read(self):
        self.assertEqual(CASE.search('TEST_CASE(\n    "it does so "\n    "whatever" * doctest::skip())')[1].split('"')[1], "it does so ")
        self.assertGreater(sum(map(len, cases().values())), 300)


if __name__ == "__main__":
    unittest.main()
