"""The documentation's site, built and opened: every link leads somewhere, nothing comes from elsewhere, and Chromium shows the
pages at the widths of a desktop and of a phone without horizontal scrolling, with all formulas set and an empty console.

PROMPTBOUND_SITE=FOLDER looks at the site in FOLDER/site, built there if there is none.
"""

import functools
import html
import html.parser
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WIDTHS = [1280, 390]

# Frames of both widths; what they lay out is written into the document that the browser dumps. A frame is as wide as the
# window that a page sees: its media queries follow it.
HARNESS = """<!DOCTYPE html><meta charset="utf-8"><pre id="answer"></pre><script>
const pages = PAGES, widths = WIDTHS, answers = [];
function look(page, width) {
  return new Promise(done => {
    const frame = document.createElement('iframe');
    frame.style = 'border:0;height:800px;width:' + width + 'px';
    frame.onload = () => {
      const view = frame.contentWindow, page_ = frame.contentDocument;
      const measure = () => {
        const formulas = [...page_.querySelectorAll('span.math, div.math')];
        const text = node => [...node.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
        const box = n => n.getBoundingClientRect();
        done({page, width, inner: view.innerWidth, scroll: page_.documentElement.scrollWidth,
          formulas: formulas.length, set: formulas.filter(f => f.querySelector('svg') && box(f.querySelector('svg')).width > 0).length,
          raw: formulas.filter(f => /\\\\[(\\[]/.test(text(f))).length,
          wrong: page_.querySelectorAll('.MathJax_Error, [data-mml-node=merror], .merror, .mtext[fill=red]').length,
          found: page_.querySelectorAll('ul.search li').length,
          pictures: [...page_.images].filter(i => !i.naturalWidth).length,
          resources: view.performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin) && !n.startsWith('data:'))});
        frame.remove();
      };
      if (view.MathJax && view.MathJax.Hub) view.MathJax.Hub.Queue(measure); else setTimeout(measure, 500);
    };
    frame.src = '/' + page;
    document.body.appendChild(frame);
  });
}
(async () => {
  for (const page of pages) for (const width of widths) answers.push(await look(page, width));
  document.getElementById('answer').textContent = JSON.stringify(answers);
})();
</script>"""


class Links(html.parser.HTMLParser):
    """What a page links to, what it loads, and its anchors."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name in ("id", "name"):
            if attributes.get(name):
                self.anchors.add(attributes[name])
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag in ("script", "img", "iframe", "source") and attributes.get("src"):
            self.loads.append(attributes["src"])
        if tag == "link" and attributes.get("rel") in ("stylesheet", "icon", "preload") and attributes.get("href"):
            self.loads.append(attributes["href"])


def pages_of(site):
    """Every page, of those that show a source file one, and a search."""
    pages = [path.relative_to(site) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    return [str(page) for page in pages if page.parts[0] != "source"] + ["source/numeric/interval.hpp.html", "search.html?q=entropy"]


def faults_of_links(site):
    """Links and loads of all pages that lead out of the site, nowhere, or to no anchor."""
    pages = {path: Links(path.read_text()) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    faults = []
    for path, page in pages.items():
        for load in page.loads:
            goal = path.parent / urllib.parse.unquote(load.split("?")[0])
            if re.match(r"[a-z]+:|//", load) or not goal.is_file():
                faults.append(f"{path.relative_to(site)} loads {load}")
        for link in page.links:
            if re.match(r"(https?|mailto):", link):
                continue
            name, _, anchor = link.partition("#")
            goal = (path.parent / urllib.parse.unquote(name)).resolve() if name else path
            if not goal.is_file():
                faults.append(f"{path.relative_to(site)} links to {link}, which is not there")
            elif anchor and goal in pages and urllib.parse.unquote(anchor) not in pages[goal].anchors:
                faults.append(f"{path.relative_to(site)} links to {link}, which has no such anchor")
    return faults, len(pages)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def browse(site, scratch, pages):
    """The answers of the browser for all pages and widths, and what it logged from consoles."""
    harness = HARNESS.replace("PAGES", json.dumps(pages)).replace("WIDTHS", json.dumps(WIDTHS))
    (site / "harness.html").write_text(harness)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        run = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--window-size=1400,1000",
             f"--user-data-dir={scratch}/profile", "--virtual-time-budget=600000", "--dump-dom",
             f"http://127.0.0.1:{server.server_address[1]}/harness.html"],
            capture_output=True, text=True, timeout=600)
    finally:
        server.shutdown()
        server.server_close()
        (site / "harness.html").unlink()
    found = re.search(r'<pre id="answer">(.*?)</pre>', run.stdout, re.S)
    console = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(found[1])) if found and found[1] else None, console


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        keep = os.environ.get("PROMPTBOUND_SITE")
        out = pathlib.Path(keep or cls.folder.name)
        cls.site = out / "site"
        if not (keep and cls.site.is_dir()):
            run = subprocess.run([str(ROOT / "scripts/build-site"), str(out)], capture_output=True, text=True)
            if run.returncode != 0:
                raise AssertionError(run.stdout + run.stderr)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(self):
        faults, pages = faults_of_links(self.site)
        self.assertEqual(faults, [])
        self.assertGreater(pages, 100)

    def test_a_dead_link_is_noticed(self):
        with tempfile.TemporaryDirectory() as name:
            page = pathlib.Path(name).resolve() / "a.html"
            page.write_text('<p id="x"></p><a href="#x"></a><a href="b.html"></a><a href="#y"></a><script src="//cdn/x.js"></script>')
            faults, _ = faults_of_links(page.parent)
            self.assertEqual(len(faults), 3, faults)

    def test_a_browser_notices_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as name:
            page = '<div style="width:2000px">x</div><span class="math">\\(x\\)</span><img src="none.png"><script>console.error("heard")</script>'
            (pathlib.Path(name) / "faulty.html").write_text("<!DOCTYPE html>" + page)
            answers, console = browse(pathlib.Path(name), self.folder.name, ["faulty.html"])
        self.assertTrue(any("heard" in line for line in console), console)
        for answer in answers:
            self.assertGreater(answer["scroll"], answer["inner"])
            self.assertEqual((answer["formulas"], answer["set"], answer["raw"], answer["pictures"]), (1, 0, 1, 1))

    def test_a_browser_shows_the_pages_at_both_widths(self):
        pages = pages_of(self.site)
        answers, console = browse(self.site, self.folder.name, pages)
        self.assertEqual(console, [])
        self.assertIsNotNone(answers, "the browser gave no answer")
        self.assertEqual(len(answers), len(pages) * len(WIDTHS))
        for answer in answers:
            with self.subTest(page=answer["page"], width=answer["width"]):
                self.assertEqual(answer["inner"], answer["width"])
                self.assertLessEqual(answer["scroll"], answer["inner"])
                self.assertEqual((answer["set"], answer["raw"], answer["wrong"]), (answer["formulas"], 0, 0))
                self.assertEqual((answer["pictures"], answer["resources"]), (0, []))
        self.assertGreater(answers[-1]["found"], 10, "the search finds nothing")
        theory = next(answer for answer in answers if answer["page"] == "theory/1-prompt-length.html")
        self.assertGreater(theory["formulas"], 200)


if __name__ == "__main__":
    unittest.main()
