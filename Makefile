# virt-fleet – every KVM and Xen host on one terminal screen.  `make help` lists the targets.
#
# Everything is built below build/$(MODE)/: release (default), asan, tsan, fuzz.  No configure step: pkg-config finds the
# libraries, and `make deps` installs them where that can be done.

MODE     ?= release
B        := build/$(MODE)
VERSION  := 0.1
PREFIX   ?= /usr/local
CC       ?= cc
PKGS     := ncursesw libvirt libssh yaml-0.1 libcjson glib-2.0 libxml-2.0
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
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: %.c $(B)/.ready
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
TESTLIBS_screen      := -lcriterion -lvterm -lutil
TESTLIBS_integration := -lcriterion
TESTLIBS_stress      :=
TESTLIBS_bench       := -lvterm -lutil
TESTLIBS_fuzz        :=

$(B)/tests/%: $(B)/obj/tests/%.o $(SUPPORT) $(LIB)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LINK) -o $@ $< $(B)/libsupport.a $(LIB) $(TESTLIBS_$(notdir $(patsubst %/,%,$(dir $*)))) $(LIBS)

$(filter $(B)/tests/%,$(UNIT) $(SCREEN) $(INTEGRATION) $(STRESS) $(FUZZ) $(BENCH)): $(B)/libsupport.a
$(B)/libsupport.a: $(SUPPORT)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: clean
clean: ## remove build/
	$(Q)rm -rf build virt-fleet

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
