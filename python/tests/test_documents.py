"""The Python of the documentation and of examples/python runs as it stands."""
import re
import subprocess
import sys

import pytest

from conftest import ROOT

EXAMPLES = sorted((ROOT / "examples/python").glob("*.py"))
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if "```python" in page.read_text()]


def run(code, folder):
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples_run(example, tmp_path):
    result = run(example.read_text(), tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout


def test_there_are_examples_and_pages():
    assert len(EXAMPLES) >= 5 and ROOT / "docs/guide/python.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_blocks_of_a_page_run_in_order(page, tmp_path):
    for folder in ("tests", "examples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), flags=re.M | re.S)
    result = run("import matplotlib\nmatplotlib.use('Agg')\n" + "\n".join(blocks), tmp_path)
    assert result.returncode == 0, result.stderr
