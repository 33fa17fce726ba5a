"""Every command of the pages runs: README.md, the start page, the tutorials, the questions, the guides, Coq certificates.

    commands.py --program PROMPTBOUND --checker PROMPTBOUND-CHECK

Commands are the lines of ```sh blocks, and the indented lines that begin with promptbound, with or without a prompt $. They run in
the order of the page, in a folder with the repository's docs, tests and examples and the arrays that a guide calls its reader's.
0, 1 and 3 are answers; anything else is a fault, and so is an exception that no page needs any more. A ```text block shows
lines of what the page's commands printed before; ... stands for any text. (The pages of the theory are run by scripts/check-theory.)
"""

import argparse
import os
import pathlib
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = {}
PAGES = ["README.md", "docs/README.md", "docs/faq.md", "docs/coq.md"]
PAGES += sorted(str(path.relative_to(ROOT)) for folder in ("tutorials", "guide") for path in (ROOT / "docs" / folder).glob("*.md"))

# What is not run, by the words that the command begins with, and why.
EXCEPTIONS = {
    "make": "builds the project",
    "promptbound paper": "writes the pages of the reference; tests/cli runs it",
    "promptbound phase": "measures the machine for minutes; tests/cli runs a small one",
    "promptbound audit --model DIR": "stands for a model of the reader's",
}
# Files that a page does not make: an example's, or arrays of the reader's.
EXAMPLES = {"layer.json": "docs/theory/examples/layer.json", "data.json": "docs/theory/examples/data.json"}
ARRAYS = ["q.npy", "k.npy", "v.npy", "pk.npy", "pv.npy"]


def commands_of(text):
    """The commands of a page in words, in its order; continued lines joined, comments left out, a && b as two. Between them, as
    texts, the lines that are shown of what they print."""
    fence = None
    for line in re.sub(r"\\\n\s*", " ", text).split("\n"):
        if line.startswith("```"):
            fence = line[3:] if fence is None else None
        elif fence == "text" and line.strip() and not re.match(r"(promptbound|cmake) ", line):
            yield line
        elif fence == "sh" or fence is None and re.match(r"    (\$ )?promptbound", line):
            for part in line.strip().removeprefix("$ ").split("&&"):
                words = shlex.split(part, comments=True)
                if words:
                    yield words


def exception_of(words):
    return next((start for start in EXCEPTIONS if words[: len(start.split())] == start.split()), None)


def npy(rows, columns):
    """A .npy file of binary32 entries between -1/2 and 1/2."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    values = [(7 * i % 11) / 10 - 0.5 for i in range(rows * columns)]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values)


def prepare(folder):
    shutil.copytree(ROOT / "docs", folder / "docs")  # a command may write there
    for name in ("tests", "examples"):
        if (ROOT / name).exists():
            os.symlink(ROOT / name, folder / name)
    for name, source in EXAMPLES.items():
        shutil.copy(ROOT / source, folder / name)
    for name in ARRAYS:
        (folder / name).write_bytes(npy(32, 8))


class Commands(unittest.TestCase):
    def test_commands_are_found(self):
        page = "```sh\na b  # c\n```\n```text\npromptbound no\nshown\n```\n    $ promptbound x && promptbound y \\\n      z\n    not one\npromptbound prose\n"
        self.assertEqual(list(commands_of(page)), [["a", "b"], "shown", ["promptbound", "x"], ["promptbound", "y", "z"]])

    def test_every_command_of_the_pages_runs(self):
        needed = set()
        for page in PAGES:
            with tempfile.TemporaryDirectory() as name:
                prepare(pathlib.Path(name))
                printed = []
                for words in commands_of((ROOT / page).read_text()):
                    if isinstance(words, str):
                        shown = re.compile(".*".join(map(re.escape, words.rstrip().split("..."))))
                        self.assertTrue(any(shown.fullmatch(line) for line in printed), f"{page}: no command prints: {words}")
                        continue
                    exception = exception_of(words)
                    if exception:
                        needed.add(exception)
                        continue
                    with self.subTest(page=page, command=" ".join(words)):
                        program = PROGRAMS[words[0].removeprefix("build/")]
                        run = subprocess.run([program] + words[1:], cwd=name, capture_output=True, text=True, timeout=600)
                        self.assertIn(run.returncode, (0, 1, 3), run.stderr)
                        printed += [line.rstrip() for line in run.stdout.splitlines()]
        self.assertEqual(needed, set(EXCEPTIONS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--checker", required=True)
    options, rest = parser.parse_known_args()
    PROGRAMS = {"promptbound": os.path.abspath(options.program), "promptbound-check": os.path.abspath(options.checker)}
    unittest.main(argv=[sys.argv[0]] + rest)
