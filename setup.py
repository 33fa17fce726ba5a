"""Builds promptbound._core with CMake: the library and the module, no tests and no programs. See pyproject.toml.

PROMPTBOUND_BUILD names a build folder of CMake, configured with PROMPTBOUND_PYTHON=ON, to take the module from; by default
it is built in build-python/.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(__file__).resolve().parent
# build/ belongs to the presets of CMake.
BUILD = ROOT / "build-python"


class CMakeBuild(build_ext):
    def build_extension(self, extension):
        folder = pathlib.Path(os.environ.get("PROMPTBOUND_BUILD", BUILD / f"cmake-{sys.implementation.cache_tag}"))
        if "PROMPTBOUND_BUILD" not in os.environ:
            self.configure(folder)
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count()))
        subprocess.run(["cmake", "--build", folder, "--target", "promptbound_python", "--parallel", jobs], check=True)
        target = pathlib.Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        built, = (folder / "python" / "promptbound").glob("_core*.so")
        shutil.copy2(built, target)

    def configure(self, folder):
        import pybind11

        options = ["-DCMAKE_BUILD_TYPE=Release", "-DPROMPTBOUND_PYTHON=ON", "-DPROMPTBOUND_TESTS=OFF", "-DPROMPTBOUND_BENCH=OFF",
                   f"-DPython3_EXECUTABLE={sys.executable}", f"-Dpybind11_DIR={pybind11.get_cmake_dir()}"]
        if shutil.which("ninja"):
            options += ["-G", "Ninja"]
        subprocess.run(["cmake", "-S", ROOT, "-B", folder, *options], check=True)


version = re.search(r"project\(promptbound VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
setup(
    version=version,
    ext_modules=[Extension("promptbound._core", sources=[])],
    cmdclass={"build_ext": CMakeBuild},
    options={"build": {"build_base": str(BUILD)}, "egg_info": {"egg_base": "python"}},
)
