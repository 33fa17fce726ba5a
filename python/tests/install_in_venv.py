"""Installs the package by pip into a fresh virtual environment, without network, and uses it there.

    install_in_venv.py --work DIR [--build DIR]

--build: a CMake build folder to take the module from; without it, everything is compiled. Exits 1 where something fails.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

USE = """
import pathlib, sys
import promptbound as pb, promptbound.distributed
assert pathlib.Path(pb.__file__).is_relative_to(sys.prefix), pb.__file__
found = pb.bounds(d=2, L=2, eps="1/10", alpha="inf")
assert (found.necessary_at_equal_width.tokens, found.sufficient.tokens) == (2, 21)
model = pb.construct("lookup-transformer", d=1, L=2, eps="1/4", alpha="inf", target="reversal").model
assert pb.check(pb.verify(model, "x[i,j]*0 + x[0,0]", "9/10").certificate()).accepted
print("promptbound", pb.__version__)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path)
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if options.build:
        environment["PROMPTBOUND_BUILD"] = os.fspath(options.build.resolve())
    run = lambda *command: subprocess.run(command, check=True, env=environment, cwd=ROOT)
    run(sys.executable, "-m", "venv", "--system-site-packages", options.work)
    pip = (options.work / "bin/python", "-m", "pip", "--no-input", "--disable-pip-version-check")
    run(*pip, "wheel", "--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--wheel-dir", options.work / "wheels", ".")
    wheel, = (options.work / "wheels").glob("promptbound-*.whl")
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert f"-{tag}-{tag}-linux_" in wheel.name, f"{wheel.name}: a module of this machine's libraries and no other's"
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("promptbound/__init__.py", "promptbound/__init__.pyi", "promptbound/py.typed", "promptbound/distributed/__init__.py", "promptbound/distributed/__init__.pyi"):
        assert needed in names, needed
    assert not [name for name in names if name.endswith((".cpp", ".hpp", ".o"))]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    subprocess.run([options.work / "bin/python", "-c", USE], check=True, env=environment, cwd=options.work)


if __name__ == "__main__":
    main()
