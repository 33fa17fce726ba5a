# make demo: install what is missing, build, and run the main job. make check: the same, and every test.
.PHONY: demo check build packages asan format clean

JOBS ?= $(shell nproc)

packages:
	@scripts/install-packages

build: packages
	@cmake --preset release > build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	@cmake --build --preset release --parallel $(JOBS)

demo: build
	@scripts/demo

check: build
	@ctest --preset release --parallel $(JOBS)

# The same tests under the address and undefined-behaviour sanitizers.
asan: packages
	@cmake --preset asan
	@cmake --build --preset asan --parallel $(JOBS)
	@ctest --preset asan --parallel $(JOBS)

format:
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	@rm -rf build build-*
