import ast
import inspect
import pathlib
import subprocess
import sys

import promptbound as pb

PACKAGE = pathlib.Path(pb.__file__).parent


def test_importing_needs_nothing_beyond_numpy():
    program = ("import sys\nfor name in ('matplotlib', 'pandas', 'mpmath', 'torch'):\n    sys.modules[name] = None\n"
               "import promptbound as pb\nprint(pb.evaluate('lookup-upper', d=2, L=2, eps='1/10').tokens, 'sympy' in sys.modules)")
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "10000 False\n" or result.stdout.endswith(" False\n")


def test_the_version_is_the_project_s(root):
    assert f"project(promptbound VERSION {pb.__version__} " in (root / "CMakeLists.txt").read_text()


def stubs():
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    return {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}, {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}


def test_everything_public_is_typed_and_documented():
    assert (PACKAGE / "py.typed").exists()
    typed, values = stubs()
    assert sorted(pb.__all__) == sorted({*typed, *values} & set(pb.__all__)), "a public name without a stub"
    for name in pb.__all__:
        public = getattr(pb, name)
        if inspect.isclass(public) or inspect.isfunction(public):
            assert public.__doc__ and len(public.__doc__) > 20, name


def test_the_stubs_have_the_parameters_of_the_functions():
    typed, _ = stubs()

    def compare(where, function, stub):
        arguments = stub.args
        expected = [a.arg for a in arguments.posonlyargs + arguments.args] + [a.arg for a in arguments.kwonlyargs]
        parameters = inspect.signature(function).parameters.values()
        assert [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)] == expected, where

    for name, stub in typed.items():
        public = getattr(pb, name)
        if isinstance(stub, ast.FunctionDef):
            compare(name, public, stub)
            continue
        for member in stub.body:
            if not isinstance(member, ast.FunctionDef) or any(getattr(d, "attr", getattr(d, "id", "")) in ("property", "classmethod") for d in member.decorator_list):
                if isinstance(member, ast.FunctionDef):
                    assert hasattr(public, member.name), f"{name}.{member.name}"
                continue
            if member.name.startswith("__") and member.name != "__init__":
                assert hasattr(public, member.name), f"{name}.{member.name}"
                continue
            compare(f"{name}.{member.name}", getattr(public, member.name), member)
