# virt-fleet – every KVM and Xen host on one terminal screen.  `make help` lists the targets.
#
# Everything is built below build/$(MODE)/: release (default), asan, tsan, fuzz.  No configure step: pkg-config finds the
# libraries, and `make deps` installs them where that can be done.

MODE     ?= release
B        := build/$(MODE)
VERSION  := 0.1
PREFIX   ?= /usr/local
CC       ?= cc
PKGS     := ncursesw libvirt libssh yaml-0.1 libcjson glib-2.0 libxml-2.0 vterm
MAKEFLAGS += --no-builtin-rules

V ?= 0
Q0 := @
Q1 :=
Q  := $(Q$(V))
say = @printf '  %-5s %s\n' '$(1)' '$(2)'

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
            -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla
ifneq ($(CI),)
WARN     += -Werror
endif
CPPFLAGS += -I. -I$(B)/gen -D_GNU_SOURCE -DVIRT_FLEET_VERSION='"$(VERSION)"'
CSTD     := -std=gnu17
LIBS      = $(shell pkg-config --libs $(PKGS)) -pthread -lm
PKGFLAGS  = $(shell pkg-config --cflags $(PKGS))

FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
LINK_release  := -pie -Wl,-z,relro,-z,now
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LINK_asan     := -fsanitize=address,undefined
FLAGS_tsan    := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
LINK_tsan     := -fsanitize=thread
FLAGS_fuzz    := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-omit-frame-pointer
LINK_fuzz     := -fsanitize=address,undefined,fuzzer
FLAGS_coverage := -O0 -g --coverage
LINK_coverage := --coverage
ifeq ($(MODE),fuzz)
CC := clang-14
# in macros of GLib, which gcc takes for a system header's; where gcc knows that a designated initializer means it
WARN += -Wno-cast-qual -Wno-missing-field-initializers
endif
ALL_CFLAGS = $(CSTD) $(FLAGS_$(MODE)) $(WARN) $(CFLAGS)
ALL_LINK   = $(FLAGS_$(MODE)) $(LINK_$(MODE)) $(LDFLAGS)

FOLDERS  := config fleet actions tui views
SRC      := $(wildcard $(addsuffix /*.c,$(FOLDERS)))
TOP      := $(patsubst %.c,$(B)/obj/%.o,$(wildcard *.c))
OBJ      := $(SRC:%.c=$(B)/obj/%.o)
LIB      := $(B)/libvirt-fleet.a
BIN      := $(B)/virt-fleet

UNIT        := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
SCREEN      := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/screen/test_*.c))
INTEGRATION := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/integration/test_*.c))
STRESS      := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/stress/*.c))
FUZZ        := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/fuzz/*.c))
BENCH       := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/bench/*.c))
SUPPORT     := $(patsubst tests/%.c,$(B)/obj/tests/%.o,$(wildcard tests/support/*.c))

.PHONY: all
all: $(BIN) ## build/release/virt-fleet
ifeq ($(MODE),release)
	$(Q)ln -sf $(BIN) virt-fleet
endif

$(BIN): $(TOP) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LINK) -o $@ $^ $(LIBS)

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar qcs $@ $^

$(B)/obj/%.o: %.c | $(B)/.ready
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(PKGFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# One clear message instead of a page of compiler errors when a library is missing.
$(B)/.ready: Makefile
	@pkg-config --exists $(PKGS) || { \
	    echo "Libraries are missing: $(PKGS)" >&2; \
	    echo "Install them with:  make deps" >&2; exit 1; }
	@mkdir -p $(@D) && touch $@

$(B)/obj/config/config.o: $(B)/gen/defaults.inc
$(B)/gen/defaults.inc: config/defaults.yaml $(B)/.ready
	@mkdir -p $(@D)
	$(Q)sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $< > $@

# ---- tests ----
TESTLIBS_unit        := -lcriterion
TESTLIBS_screen      := -lcriterion -lutil
TESTLIBS_integration := -lcriterion -lutil
TESTLIBS_stress      :=
TESTLIBS_bench       := -lutil
TESTLIBS_fuzz        :=

$(B)/tests/%: $(B)/obj/tests/%.o $(SUPPORT) $(LIB)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LINK) -o $@ $< $(B)/libsupport.a $(LIB) $(TESTLIBS_$(notdir $(patsubst %/,%,$(dir $*)))) $(LIBS)

$(filter $(B)/tests/%,$(UNIT) $(SCREEN) $(INTEGRATION) $(STRESS) $(FUZZ) $(BENCH)): $(B)/libsupport.a
$(B)/libsupport.a: $(SUPPORT)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar qcs $@ $^

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.SECONDARY:

.PHONY: tests-unit tests-screen tests-integration tests-stress tests-fuzz tests-bench
tests-unit: $(UNIT)
tests-screen: $(SCREEN) $(BIN)
tests-integration: $(INTEGRATION) $(BIN)
tests-stress: $(STRESS)
tests-fuzz: $(FUZZ)
tests-bench: $(BENCH) $(BIN)

# Criterion runs as many tests at once as there are processors; real daemons want to be alone.
export CRITERION_JOBS ?= 2
RUN = VIRT_FLEET=$(CURDIR)/$(BIN) tests/run

.PHONY: check-unit check-screen check-integration check-stress
check-unit: tests-unit ## unit tests
	@$(RUN) unit $(UNIT)
check-screen: tests-screen ## the real binary on a terminal of its own
	@$(RUN) screen $(SCREEN)
check-integration: tests-integration ## real sshd, libvirtd and QEMU on this machine
	@CRITERION_JOBS=1 LIMIT=600 $(RUN) integration $(INTEGRATION)
check-stress: tests-stress ## threads handing over, plain programs
	@$(RUN) stress $(STRESS)

.PHONY: check-layers check-headers check-globals check-format check-man check-static update-man
check-layers: ## who may include whom
	@awk -f tests/layers.awk $(wildcard *.[ch] */*.[ch]) && echo "layers: 1 passed, 0 failed"
check-headers: $(B)/.ready ## each header compiles alone
	@for h in $(wildcard *.h */*.h tests/support/*.h); do \
	    echo "#include \"$$h\"" | $(CC) $(CPPFLAGS) $(PKGFLAGS) $(CSTD) $(WARN) -Werror -fsyntax-only -x c - || exit 1; \
	done; echo "headers: 1 passed, 0 failed"
check-globals: $(BIN) ## no writable globals but those HACKING.md lists
	@objdump -t $(OBJ) $(TOP) | awk 'NF > 4 && $$(NF-2) ~ /^\.(data|bss)(\.[^r].*)?$$/ && $$NF !~ /^\./ {print $$NF}' | sort -u | \
	    grep -vxF "$$(sed -n 's/^\([^# ][^ ]*\).*/\1/p' tests/globals.allowed)"; test $$? -eq 1 && echo "globals: 1 passed, 0 failed"
check-format: ## clang-format 14
	@clang-format-14 --dry-run -Werror $(wildcard *.c */*.c tests/*/*.c) && echo "format: 1 passed, 0 failed"
check-man: ## the manual pages are valid mdoc
	@mandoc -Tlint -W warning $(wildcard man/*.[1-9]) && echo "man: 1 passed, 0 failed"
update-man: $(B)/tests/unit/test_manual ## write the manual's lists anew from the tables
	@VIRT_FLEET_UPDATE=1 $(B)/tests/unit/test_manual
check-static: check-layers check-headers check-globals check-man

.PHONY: check check-quick deps deps-build deps-ci
deps: ## install what the build and the tests need
	@.ci/deps test
deps-build:
	@.ci/deps build
deps-ci:
	@.ci/deps ci
check-quick: all check-static check-unit check-screen ## before every commit
check: ## install what is missing, build, and run every test that takes minutes
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory check-static check-unit check-screen check-stress check-integration

.PHONY: check-asan check-tsan
check-asan: ## units and screens under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory MODE=asan all tests-unit tests-screen
	@SAN=build/asan/san ASAN_OPTIONS=log_path=$(CURDIR)/build/asan/san:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1:log_path=$(CURDIR)/build/asan/san \
	    LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
	    $(MAKE) --no-print-directory MODE=asan check-unit check-screen
check-tsan: ## thread hand-overs under ThreadSanitizer
	@$(MAKE) --no-print-directory MODE=tsan tests-stress
	@G_SLICE=always-malloc TSAN_OPTIONS=suppressions=$(CURDIR)/tests/tsan.supp:halt_on_error=1 \
	    setarch -R $(MAKE) --no-print-directory MODE=tsan check-stress

FUZZ_SECONDS ?= 20
.PHONY: fuzz
fuzz: ## each fuzzer for FUZZ_SECONDS
	@$(MAKE) --no-print-directory MODE=fuzz tests-fuzz
	@for f in $(notdir $(wildcard tests/fuzz/*.c)); do f=$${f%.c}; mkdir -p build/fuzz/corpus/$$f; \
	    echo "  FUZZ  $$f"; \
	    build/fuzz/tests/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
	        -artifact_prefix=build/fuzz/ build/fuzz/corpus/$$f $$(ls -d tests/fuzz/seeds/$$f 2>/dev/null) \
	        > build/fuzz/$$f.log 2>&1 || { tail -n 40 build/fuzz/$$f.log; exit 1; }; \
	done; echo "fuzz: $(words $(wildcard tests/fuzz/*.c)) passed, 0 failed"

.PHONY: bench bench-real
bench: tests-bench ## against virsh and libvirt, 221 to 1000 test-driver hosts; about five minutes
	@tests/bench/bench $(B)
bench-real: tests-bench ## the same on 221 real hosts with 663 QEMU guests; needs root, 16 GiB and ten minutes
	@tests/bench/bench-real $(B)

LAB_HOSTS  ?= 5
KILLS      ?= 8
LAB_GUESTS ?= 4
.PHONY: lab lab-down check-lab
check-lab: all ## the program on real hosts in namespaces: cables, frozen daemons, new keys; needs root
	@tests/lab/check $(BIN)
	@tests/lab/moves $(BIN) $(KILLS)
.PHONY: check-xen
check-xen: ## the program on two real Xen hosts under emulation; needs root, Debian, 4 GiB and a quarter of an hour
	@.ci/deps xen
	@$(MAKE) --no-print-directory all
	@tests/xen/check $(BIN)
lab: all ## real hosts (sshd, libvirtd, QEMU) on this machine and the console on them; needs root
	@tests/lab/lab up $(LAB_HOSTS) $(LAB_GUESTS)
	@tests/lab/lab exec $(BIN) -F "$$(tests/lab/lab dir)/ssh_config" 'root@host[1-$(LAB_HOSTS)]'
lab-down: ## end what make lab has started
	@tests/lab/lab down

.PHONY: demo
demo: ## install what the build needs, build, and open the console on a simulated fleet
	@$(MAKE) --no-print-directory deps-build
	@$(MAKE) --no-print-directory all
	@$(BIN) --demo

.PHONY: install uninstall
install: all ## into $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/virt-fleet
	install -D -m 644 man/virt-fleet.1 $(DESTDIR)$(PREFIX)/share/man/man1/virt-fleet.1
	install -D -m 644 man/virt-fleet.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5/virt-fleet.yaml.5
	install -D -m 644 completions/virt-fleet.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/virt-fleet
uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/virt-fleet $(DESTDIR)$(PREFIX)/share/man/man1/virt-fleet.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/virt-fleet.yaml.5 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/virt-fleet

.PHONY: clean
clean: ## remove build/
	$(Q)rm -rf build virt-fleet

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
