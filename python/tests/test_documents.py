"""The Python of the documentation and of examples/ runs as it stands; notebooks show what is stored in them."""
import json
import re
import subprocess
import sys

import pytest

from conftest import ROOT

EXAMPLES = sorted((ROOT / "examples/python").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
RUNNER = ROOT / "scripts/run-notebooks"
# `make examples` runs these.
HEAVY = {"attention_with_torch.ipynb": "torch"}
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if "```python" in page.read_text()]


def run(code, folder):
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples_run(example, tmp_path):
    result = run(example.read_text(), tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout


def test_there_are_examples_and_pages():
    assert EXAMPLES and len(NOTEBOOKS) >= 5 and ROOT / "docs/guide/python.md" in PAGES
    assert HEAVY.keys() <= {path.name for path in NOTEBOOKS}


@pytest.mark.parametrize("notebook", [path for path in NOTEBOOKS if path.name not in HEAVY], ids=lambda path: path.name)
def test_notebooks_show_what_is_stored(notebook):
    result = subprocess.run([sys.executable, RUNNER, notebook], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_every_code_cell_of_a_notebook_was_run(notebook):
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells and [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell["outputs"] for cell in cells)


def test_a_notebook_that_shows_something_else_is_refused(tmp_path):
    stored = {"data": {"text/plain": ["2"]}, "metadata": {}, "output_type": "execute_result", "execution_count": 1}
    cell = {"cell_type": "code", "metadata": {}, "source": ["1 + 1"], "outputs": [stored], "execution_count": 1}
    path = tmp_path / "sum.ipynb"

    def run(**changes):
        path.write_text(json.dumps({"cells": [{**cell, **changes}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return subprocess.run([sys.executable, RUNNER, path], capture_output=True, text=True)

    assert run().returncode == 0
    other = run(source=["print(3)\n", "1 + 1"])
    assert other.returncode == 1 and "code cell 1 shows" in other.stdout
    # Where what is shown varies the cell must still run.
    assert run(source=["1 + 2"], metadata={"tags": ["varies"]}).returncode == 0
    assert "ZeroDivisionError" in run(source=["1 / 0"], metadata={"tags": ["varies"]}).stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_blocks_of_a_page_run_in_order(page, tmp_path):
    for folder in ("tests", "examples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), flags=re.M | re.S)
    result = run("import matplotlib\nmatplotlib.use('Agg')\n" + "\n".join(blocks), tmp_path)
    assert result.returncode == 0, result.stderr
