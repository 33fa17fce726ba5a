# Sphinx, for the tree that scripts/build-site assembles: the pages of docs/ at its root, what they link to under source/.
import pathlib
import re
import sys

project = "promptbound"
author = "the authors of promptbound"
copyright = "the authors of promptbound, Apache-2.0"
version = release = pathlib.Path("VERSION").read_text().strip()

extensions = ["myst_parser", "sphinx.ext.mathjax", "sphinx.ext.autodoc", "breathe"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
root_doc = "index"
highlight_language = "none"
smartquotes = False  # options begin with two hyphens

breathe_projects = {"promptbound": str(pathlib.Path("../doxygen/xml").resolve())}
breathe_default_project = "promptbound"
breathe_show_include = False
primary_domain = "cpp"

sys.path.insert(0, str(pathlib.Path("../python").resolve()))
autodoc_mock_imports = ["numpy"]
autodoc_member_order = "bysource"


def plain(app, what, name, thing, options, lines):
    """Docstrings are prose: only names in backquotes and indented examples mean something."""
    for i, line in enumerate(lines):
        if not re.match(r"\s{4}|\s*>>>", line):
            lines[i] = re.sub(r"([*_|\\])", r"\\\1", line).replace("`", "``")
            lines[i] = re.sub(r"``([^`]*)``", lambda code: "``" + code[1].replace("\\", "") + "``", lines[i])


def setup(app):
    app.connect("autodoc-process-docstring", plain)

myst_enable_extensions = ["dollarmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 4
myst_update_mathjax = False  # its settings are for MathJax 3; Debian's is 2.7

# MathJax lies beside the pages; its SVG output needs no fonts. The menu would look for more files.
mathjax_path = "mathjax/MathJax.js?config=TeX-AMS_SVG"
mathjax2_config = {
    "showMathMenu": False,
    "menuSettings": {"explorer": False, "assistiveMML": False, "collapsible": False},
    "SVG": {"linebreaks": {"automatic": False}},
    "tex2jax": {"inlineMath": [["\\(", "\\)"]], "displayMath": [["\\[", "\\]"]], "processClass": "math", "ignoreClass": "body"},
}

html_theme = "furo"
html_title = "promptbound " + version
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses for files
