"""scripts/check-commands on pages of its own: whole, they pass; with each fault put in, it says which and where."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "check-commands")
loader = importlib.machinery.SourceFileLoader("check_commands_script", path)
script = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(script)

PAGE = """# Page

    $ promptbound one       # a remark
    it says one
    in ... s

Prose.

```sh
# a remark
promptbound two \\
  and more
make check
```

```text
it says two and ...
```

```cmake
find_package(promptbound REQUIRED)
```

```python
print(1)
```
"""
TREE = {
    "README.md": PAGE,
    "docs/page.md": "```\npromptbound three\n```\n",
    "examples/consumer/CMakeLists.txt": "find_package(promptbound REQUIRED)\n",
    "docs/theory/1-length.md": "**Command.**\n\n```sh\npromptbound one\n```\n",
    "docs/reference/one.md": "```sh\npromptbound nonsense\n```\n",  # a generated page is not run
    "examples/data/q.npy": "",
    "examples/one.sh": "promptbound one\n",
    "tests/nothing": "",
    "promptbound": "#!/bin/sh\ncase $1 in\nbad) echo 'no such word' >&2; exit 2 ;;\none) echo 'it says one'; echo 'in 1.5 s' ;;\n"
    "two) echo \"it says $*\" ;;\nthree) exit 3 ;;\nesac\n",
}


class CheckCommands(unittest.TestCase):
    def run_on(self, tree):
        with tempfile.TemporaryDirectory() as root:
            for name, text in tree.items():
                place = os.path.join(root, name)
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(place, "w", encoding="utf-8") as file:
                    file.write(text)
            program = os.path.join(root, "promptbound")
            os.chmod(program, 0o755)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = script.main(["--root", root, "--program", program])
            return code, output.getvalue()

    def rejects(self, old, new, message, path="README.md"):
        self.assertIn(old, TREE[path])
        with self.subTest(old=old, new=new):
            code, output = self.run_on({**TREE, path: TREE[path].replace(old, new, 1)})
            self.assertEqual(code, 1, output)
            self.assertIn(message, output)

    def test_whole_pages_pass(self):
        self.assertEqual(self.run_on(TREE), (0, "5 commands ran, 0 faults\n"))

    def test_commands_that_fail(self):
        self.rejects("promptbound two", "promptbound bad", "README.md:11: exit code 2: promptbound bad and more: no such word")
        self.rejects("promptbound one", "promptbound bad", "examples/one.sh: exit code 2", path="examples/one.sh")
        self.rejects("promptbound one", "promptbound bad", "docs/theory/1-length.md:4: exit code 2", path="docs/theory/1-length.md")
        self.rejects("exit 3", "exit 4", "docs/page.md:2: exit code 4", path="promptbound")

    def test_output_that_is_not_printed(self):
        self.rejects("it says one", "it says two", "README.md:3: promptbound one does not print: it says two")
        self.rejects("in ... s", "in ... h", "README.md:3: promptbound one does not print: in ... h")
        self.rejects("it says two and ...", "it says three", "no command of the page prints: it says three")

    def test_what_no_test_runs(self):
        self.rejects("make check", "make checks", "README.md:13: neither run nor printed nor listed in ELSEWHERE: make checks")
        self.rejects("$ promptbound one", "promptbound one", "README.md:4: neither run nor printed")
        self.rejects("find_package(promptbound", "find_package(prompt", "not in examples/consumer/CMakeLists.txt")
        self.rejects("```python", "```ruby", "no test runs a block of the kind ruby")


if __name__ == "__main__":
    unittest.main()
