# make demo: install and build what the command needs, and run the main job. make check: install and build the
# rest, and run every test. make quick: most tests, in two minutes. make check-all: sanitizers, clang-tidy and long
# fuzzing too. make install, make uninstall: under PREFIX. make package: a Debian package and a Python wheel in
# build/. make docs: the documentation as a site, build/docs/site/index.html, and the theory as one document,
# build/docs/theory.pdf. make examples: the notebooks and programs of examples/ that are not part of make check, run anew.
.PHONY: demo program install uninstall package docs examples quick check check-all build packages asan tidy clang fuzz format clean

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600

# $(call configure,OPTIONS): configures the release build; what cmake says is shown when it fails.
define configure
@cmake --preset release $(1) > build.log 2>&1 || { cat build.log; exit 1; }
@rm -f build.log
endef

program:
	@scripts/install-packages command
	$(call configure,-DPROMPTBOUND_TESTS=OFF -DPROMPTBOUND_BENCH=OFF -DPROMPTBOUND_PYTHON=OFF)
	@cmake --build --preset release --parallel $(JOBS)

demo: program
	@scripts/demo

# help2man makes the manual pages while the program is built.
install: program
	@scripts/install-packages install
	$(call configure,-DCMAKE_INSTALL_PREFIX=$(PREFIX) -DPROMPTBOUND_TESTS=OFF -DPROMPTBOUND_BENCH=OFF)
	@cmake --build --preset release --parallel $(JOBS)
	@cmake --install build --prefix $(PREFIX) > /dev/null
	@echo "Installed under $(PREFIX); make uninstall removes the files that build/install_manifest.txt lists."

uninstall:
	@test -f build/install_manifest.txt || { echo "build/install_manifest.txt is not there: nothing was installed" >&2; exit 1; }
	@xargs -d '\n' rm -f < build/install_manifest.txt
	@xargs -d '\n' dirname < build/install_manifest.txt | grep /promptbound | sort -ru | xargs -d '\n' rmdir --ignore-fail-on-non-empty 2> /dev/null || true
	@rm build/install_manifest.txt

# The wheel is tagged for this Python and this machine's libraries, which it does not hold.
package:
	@scripts/install-packages package
	$(call configure,-DPROMPTBOUND_TESTS=OFF -DPROMPTBOUND_BENCH=OFF -DPROMPTBOUND_PYTHON=ON)
	@cmake --build --preset release --parallel $(JOBS)
	@cd build && cpack -G DEB > cpack.log 2>&1 || { cat cpack.log; exit 1; }
	@PROMPTBOUND_BUILD=$(CURDIR)/build /usr/bin/python3 -m pip --no-input --disable-pip-version-check wheel --quiet --no-index \
	  --no-build-isolation --no-deps --wheel-dir build .
	@ls build/*.deb build/*.whl

packages:
	@scripts/install-packages

build: packages
	$(call configure,-DPROMPTBOUND_TESTS=ON -DPROMPTBOUND_BENCH=ON -DPROMPTBOUND_PYTHON=ON)
	@cmake --build --preset release --parallel $(JOBS)

quick: build
	@ctest --preset quick --parallel $(JOBS)

check: build
	@ctest --preset release --parallel $(JOBS)

check-all: check asan tidy clang fuzz

docs:
	@scripts/install-packages docs
	@scripts/build-site

# Runs the notebooks of examples/ and stores their outputs, those that need torch too; then trains the prompts of examples/recall.
examples: build
	@scripts/install-packages examples
	@PYTHONPATH=$(CURDIR)/build/python /usr/bin/python3 -B scripts/run-notebooks --store examples/*.ipynb
	@set -e; for name in train lora figures; do \
	  PATH=$(CURDIR)/build:$$PATH PYTHONPATH=$(CURDIR)/build/python /usr/bin/python3 -B examples/recall/$$name.py; done

# The same tests under the address and undefined-behaviour sanitizers.
asan: packages
	@cmake --preset asan
	@cmake --build --preset asan --parallel $(JOBS)
	@ctest --preset asan --parallel $(JOBS)

# clang-tidy, and clang's warnings in what we build with g++.
tidy clang: packages
	@cmake --preset $@
	@cmake --build --preset $@ --parallel $(JOBS)

# Every fuzzer for FUZZ_SECONDS.
fuzz: build
	@set -e; for name in safetensors npy torch certificate model; do \
	  build/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 -timeout=10 \
	    build/fuzz/found/$$name tests/fuzz/corpus/$$name; done

format:
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	@rm -rf build build-*
