"""scripts/check-theory on a small tree of its own: whole, it passes; with each fault put in, it says which and where."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "check-theory")
loader = importlib.machinery.SourceFileLoader("check_theory_script", path)
script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(script)

ITEM = """### 1.2 entropy-bits

**Kind.** necessary.

**Statement.** For $k < 3$ and all $x_i$ the number

$$
\\sum_i x_i
$$

is large.

**Proof.** It is. ∎

**Source.** own.

**Coq.** `algebra.entropy_bits.entropy_bits`; backwards on paper.

**Command.**

```sh
promptbound eval entropy-bits --d 2
```

**Code.** [the file](../../bounds/entropy_bits.cpp)

"""
OTHER = """### 1.3 lemma

**Kind.** exact.

**Statement.** See [1.2](#12-entropy-bits) and [the index](README.md#items).

**Proof.** Short.

**Source.** own.

**Coq.** on paper.

**Command.** none: it is a lemma of 1.2, and used there.

**Code.** in `bounds/`.
"""
TREE = {
    "docs/theory/README.md": "# Index\n\n## Items\n\n[1.2](1-length.md#12-entropy-bits)\n",
    "docs/theory/1-length.md": "# 1 Length\n\n" + ITEM + OTHER,
    "docs/theory/bibliography.md": "# Bibliography\n\n### KS24\n\nA paper.\n",
    "docs/guide.md": "See [theory 1.2](theory/1-length.md#12-entropy-bits).\n\n```\n[code](nowhere)\n```\n",
    "bounds/entropy_bits.cpp": '// Theory 1.2 to 1.3, wrapped: (theory\n// items 1.2 and 1.3)\nrecord.theory = "1.2";\n',
    "proofs/theorems.txt": "# a comment\n1.2 | entropy-bits | algebra.entropy_bits.entropy_bits | none | it holds\n"
    "1.2-1.3 | bracket | algebra.entropy_bits.entropy_bits | reals | both\n1.3 | lemma | - | - | the rest\n"
    "0 | - | algebra.entropy_bits.cube | definition | [0,1]^n\n",
    "proofs/proof.v": "(** Theory item 1.3 *)\n",
    "README.md": "The [theory](docs/theory/README.md).\n",
    "build/generated.cpp": "// theory 9.9 in a build folder is nobody's\n",
    "tests/nothing": "",
}
PROGRAM = """#!/bin/sh
if [ "$1 $2" = "list --format" ]; then
  echo '{"bounds": [{"id": "entropy-bits", "theory": "1.2", "source": "own; KS24"}], "constructions": [],'
  echo ' "checks": [{"id": "certificate", "theory": "-", "source": "own"}]}'
elif [ "$1 $2" = "list 1.2" ]; then
  echo "1.2 entropy-bits"
elif [ "$1" = list ]; then
  echo "$2 (necessary, theory 1.2): words; promptbound list 1.2"
fi
"""


class CheckTheory(unittest.TestCase):
    def run_on(self, tree, options=(), program=None):
        """Exit code and output of the script on a tree given as {path: text}."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                path = os.path.join(root, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            arguments = ["--root", root, *options]
            if program is not None:
                path = os.path.join(root, "tests", "program")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(program)
                os.chmod(path, 0o755)
                arguments += ["--program", path]
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = script.main(arguments)
            return code, output.getvalue()

    def changed(self, path, old, new):
        self.assertIn(old, TREE[path])
        return {**TREE, path: TREE[path].replace(old, new, 1)}

    def rejects(self, path, old, new, message, **how):
        with self.subTest(old=old, new=new):
            code, output = self.run_on(self.changed(path, old, new), **how)
            self.assertEqual(code, 1, output)
            self.assertIn(message, output)

    def test_whole_tree_passes(self):
        self.assertEqual(self.run_on(TREE, program=PROGRAM), (0, "2 items on 1 pages\n"))

    def test_citation_without_item(self):
        code = "bounds/entropy_bits.cpp"
        self.rejects(code, "Theory 1.2 to 1.3", "Theory 1.2 to 1.4", "bounds/entropy_bits.cpp:1: theory 1.4:")
        self.rejects(code, "1.2 and 1.3", "1.2 and 2.2", "bounds/entropy_bits.cpp:1: theory 2.2:")
        self.rejects(code, '"1.2"', '"1.2, 5.7"', "bounds/entropy_bits.cpp:3: theory 5.7:")
        self.rejects(code, "Theory 1.2", "Theory 1.2p", "theory 1.2p:")
        self.rejects(code, "Theory 1.2 to 1.3", "theory.md section 1", "theory.md is no file")
        self.rejects(code, "Theory 1.2 to 1.3", "theory section 4", "theory 4:")
        self.rejects("proofs/proof.v", "1.3", "1.30", "proofs/proof.v:1: theory 1.30:")
        self.rejects("docs/guide.md", "theory 1.2]", "theory 1.1]", "docs/guide.md:1: theory 1.1:")
        self.rejects("docs/theory/1-length.md", "### 1.3 lemma", "### 1.4 lemma", "theory 1.3:")

    def test_range_covers_what_lies_between(self):
        tree = {**TREE, "a.hpp": "/// theory 1.2 to 1.4\n"}
        tree["docs/theory/1-length.md"] += OTHER.replace("1.3 lemma", "1.4 other")
        self.assertEqual(self.run_on(tree)[0], 0)
        tree["docs/theory/1-length.md"] = tree["docs/theory/1-length.md"].replace("### 1.3 lemma", "### 1.5 lemma")
        self.assertIn("a.hpp:1: theory 1.3:", self.run_on(tree)[1])

    def test_item_that_is_not_whole(self):
        page = "docs/theory/1-length.md"
        for name in ("Kind", "Statement", "Proof", "Source", "Coq", "Command", "Code"):
            self.rejects(page, f"**{name}.**", f"**No{name}.**", f"item 1.2 has no paragraph {name}")
        self.rejects(page, "```sh\npromptbound eval entropy-bits --d 2\n```", "", "item 1.2: the paragraph Command is empty")
        self.rejects(page, "```sh\npromptbound", "```sh\necho", "item 1.2 has neither a command nor the reason")
        self.rejects(page, "none: it is a lemma of 1.2, and used there.", "none: see.", "item 1.3 has neither a command")
        self.rejects(page, "**Kind.** necessary", "**Kind.** true", "item 1.2: its kind is none of")
        self.rejects(page, "It is. ∎", "", "item 1.2: the paragraph Proof is empty")
        self.rejects(page, "### 1.3 lemma", "### 1.2 lemma", "item 1.2 stands twice")
        self.rejects(page, "### 1.3 lemma", "### 2.3 lemma", "item 2.3 stands on the page of section 1")
        self.rejects(page, "**Source.** own.\n\n**Coq.**", "**Coq.**", "item 1.2 has no paragraph Source")

    def test_paragraphs_out_of_order(self):
        tree = self.changed("docs/theory/1-length.md", "**Source.** own.\n\n", "")
        tree["docs/theory/1-length.md"] = tree["docs/theory/1-length.md"].replace("**Kind.** nec", "**Source.** own.\n\n**Kind.** nec")
        self.assertIn("item 1.2: its paragraphs are not in the order", self.run_on(tree)[1])

    def test_no_pages(self):
        tree = {path: text for path, text in TREE.items() if not path.startswith("docs/theory/1")}
        self.assertIn("docs/theory: there are no pages", self.run_on(tree)[1])

    def test_link_that_leads_nowhere(self):
        self.rejects("docs/guide.md", "1-length.md#", "2-length.md#", "docs/guide.md:1: the link theory/2-length.md#12-entropy-bits")
        self.rejects("docs/guide.md", "#12-entropy", "#13-entropy", "leads to no heading")
        self.rejects("README.md", "docs/theory/", "theory/", "README.md:1: the link theory/README.md leads nowhere")
        self.rejects("docs/theory/1-length.md", "(#12-entropy-bits)", "(#12)", "the link #12 leads to no heading")
        self.rejects("docs/theory/1-length.md", "bounds/entropy_bits.cpp", "bounds/entropy.cpp", "leads nowhere")

    def test_theorems(self):
        theorems = "proofs/theorems.txt"
        self.rejects(theorems, "1.2 | entropy-bits | algebra.entropy_bits.entropy_bits |", "1.2 | entropy-bits | algebra.entropy_bits.more |", "item 1.2 does not name the theorem algebra.entropy_bits.more")
        self.rejects(theorems, "1.3 | lemma", "1.4 | lemma", "theory 1.4: there is no such item")
        self.rejects("docs/theory/1-length.md", "**Coq.** on paper.", "**Coq.** nothing.", "item 1.3 does not say what is proved on paper")
        self.rejects("docs/theory/1-length.md", "`algebra.entropy_bits.entropy_bits`", "`algebra.entropy_bits.other`", "algebra.entropy_bits.other is no main theorem")

    def test_formulas_that_markdown_changes(self):
        page = "docs/theory/1-length.md"
        for formula in ("\\{x\\}", "x\\, y", "\\mathbf{x}_i", "a*b", "a<b", "[x](y)", "\\operatorname{rank} M"):
            self.rejects(page, "$x_i$", f"${formula}$", "in the formula")

    def test_catalogue(self):
        page = "docs/theory/1-length.md"
        how = {"program": PROGRAM}
        self.rejects(page, "### 1.2 entropy-bits", "### 1.2 entropy-count", "list entropy-bits: item 1.2 does not name it", **how)
        self.rejects("docs/theory/bibliography.md", "### KS24", "### KS23", "the source KS24 is not in", **how)
        for old, new, message in (
            ('"theory": "1.2"', '"theory": "1.9"', "list entropy-bits: theory 1.9 is no item"),
            ("promptbound list 1.2", "promptbound list 1.20", "list entropy-bits: promptbound list 1.2 is not named"),
            ("1.2 entropy", "1.3 entropy", "list entropy-bits: promptbound list 1.2 does not print that item"),
        ):
            code, output = self.run_on(TREE, program=PROGRAM.replace(old, new))
            self.assertEqual(code, 1, output)
            self.assertIn(message, output)

    def test_formulas_in_tex(self):
        if not any(os.access(os.path.join(path, "pdflatex"), os.X_OK) for path in os.environ["PATH"].split(":")):
            self.skipTest("pdflatex is not installed")
        how = {"options": ["--formulas"]}
        self.assertEqual(self.run_on(TREE, **how)[0], 0)
        self.rejects("docs/theory/1-length.md", "$x_i$", "$x_i \\nosuchmacro$", "1-length.md:7: Undefined control sequence", **how)
        self.rejects("docs/theory/1-length.md", "\\sum_i x_i", "\\frac{1}{x", "braces do not match", **how)
        self.rejects("docs/theory/1-length.md", "\\sum_i x_i", "\\left( x", "in a formula", **how)


if __name__ == "__main__":
    unittest.main()
