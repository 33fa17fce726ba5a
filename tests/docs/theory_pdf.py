"""scripts/theory-pdf: the document holds every item and every Coq theorem, nothing runs over the margin, and Markdown that the
script does not know is an error rather than left out."""

import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
loader = importlib.machinery.SourceFileLoader("theory_pdf_script", str(ROOT / "scripts/theory-pdf"))
script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(script)


class TheoryPdf(unittest.TestCase):
    def test_the_document_holds_every_item_and_theorem(self):
        with tempfile.TemporaryDirectory() as name:
            run = subprocess.run([str(ROOT / "scripts/theory-pdf"), name], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr)
            pdf = subprocess.run(["pdftotext", "-layout", f"{name}/theory.pdf", "-"], capture_output=True, text=True, check=True).stdout
            log = (pathlib.Path(name) / "theory.log").read_text(errors="replace")
            tex = (pathlib.Path(name) / "theory.tex").read_text()
        items = [item for page in sorted((ROOT / "docs/theory").glob("[0-9]-*.md")) for item in re.findall(r"^### (\d\.\d+)", page.read_text(), re.M)]
        self.assertGreater(len(items), 20)
        for item in items:
            self.assertRegex(pdf, rf"(Theorem|Published formula|Threshold) {re.escape(item)} ", item)
        # As many proofs end in the document as on the pages.
        ends = sum(page.read_text().count("\u220e") for page in (ROOT / "docs/theory").glob("[0-9]-*.md"))
        self.assertEqual(tex.count("$\\square$"), ends)
        names = tex.replace("\\allowbreak{}", "").replace("\\_", "_")
        appendix = names[names.index("B Coq theorems") :]
        for theorem in re.findall(r"\| ((?:algebra|analysis|certificates)\.\w+\.\w+) \| (?!definition)", (ROOT / "proofs/theorems.txt").read_text()):
            self.assertIn(theorem, appendix)
        wide = [float(width) for width in re.findall(r"Overfull .hbox \(([\d.]+)pt", log)]
        self.assertLess(max(wide, default=0), 5)
        self.assertNotRegex(log, r"undefined|destination with the same identifier")
        self.assertNotIn("**", pdf)

    def test_what_is_own_is_not_what_is_in_own_words(self):
        document = script.Document()
        document.items = [("1.1", "a", "exact", "own.", "p"), ("1.2", "b", "exact", "a lemma, in own words.", "p"), ("1.3", "c", "exact", "X; constants own.", "p")]
        script.appendix_of_sources(document)
        own, papers = "\n".join(document.lines).split("These are statements")
        self.assertTrue("1.1 &" in own and "1.3 &" in own and "1.2 &" in papers)

    def test_inline_markdown(self):
        self.assertEqual(script.inline("*a* **b** `c_d` $x_1$ 50% [i](1-prompt-length.md#12-entropy-bits)", "0-notation"),
                         r"\emph{a} \textbf{b} \code{c\_\allowbreak{}d} $x_1$ 50\% \hyperlink{1-prompt-length.12-entropy-bits}{i}")

    def test_markdown_that_is_not_known_is_an_error(self):
        for text in ("> quoted", "![picture](a.svg)", "<b>x</b>"):
            with self.assertRaises(script.Unknown):
                list(script.blocks([text]))
        with self.assertRaises(script.Unknown):
            script.inline("\u2264", "0-notation")


if __name__ == "__main__":
    unittest.main()
