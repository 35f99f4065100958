# queuectl - for GNU make, BSD make and any make of POSIX.1-2024.
#
#	make			the program, src/queuectl
#	make check		its tests (make check T='unit layers': only these)
#	make check-faults	kills, errors, races, full disks, power cuts: needs
#				strace; as root also loop devices (minutes);
#				with EVERY=1 TEST_LIMIT=7200 each error at
#				each call, not a sample
#	make check-web		the page of the dashboard, in a headless Chromium
#	make soak		random kills and power cuts, until one is not
#				survived or you have seen enough
#	make check-mutants	rules taken away: some test must see each of them
#	make check-model	the protocol, all its interleavings and crashes
#	make fuzz		ten million inputs for the parsers, under sanitizers
#	make bench		how fast it is, beside others: a table (minutes)
#	make demo		the main job on real input, in a temporary spool
#	make install		below $(DESTDIR)$(PREFIX)
#	make uninstall clean lint format
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS are yours; OS=posix builds the
# portable variant.  Whatever changes in them rebuilds everything.

VERSION = 0.1.0

PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man

CC ?= cc
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla
WERROR =

OS != test "`uname`" = Linux && echo linux || echo posix

# The layers of src/README, lowest first.
OBJS = \
	src/msg.o src/buf.o src/names.o src/text.o src/os_bsd.o src/os_$(OS).o \
	src/fs.o src/outlet.o \
	src/when.o src/retry.o src/json.o src/sha256.o src/job.o \
	src/draft.o \
	src/conf.o src/spool.o src/registry.o src/claim.o src/record.o \
	src/why.o src/look.o src/tally.o src/record_json.o \
	src/log.o src/progress.o src/index.o src/scout.o src/proc.o \
	src/guard.o \
	src/sink.o src/worker.o src/crew.o \
	src/supervisor.o src/doctor.o src/metrics.o src/http.o src/serve.o \
	src/roster.o src/view.o src/pick.o src/answer.o src/api.o src/act.o \
	src/page.o src/web.o \
	src/opt.o src/cmd.o src/cmd_submit.o src/cmd_batch.o src/cmd_enqueue.o \
	src/cmd_list.o src/cmd_status.o \
	src/cmd_show.o src/cmd_output.o src/cmd_wait.o \
	src/cmd_config.o src/cmd_worker.o src/cmd_change.o src/cmd_pause.o \
	src/cmd_doctor.o src/cmd_metrics.o src/cmd_dashboard.o \
	src/cmd_misc.o src/cmd_completion.o
MAIN = src/main.o

# Programs that the tests use, each of one file; tests/helper/X.c becomes
# tests/out/X, and a scenario test in C becomes tests/out/scenario/X.
HELPERS = tests/helper/limit.c tests/helper/asuser.c tests/helper/pty.c \
	tests/helper/snatch.c tests/helper/micros.c tests/helper/report.c \
	tests/helper/odd.c tests/helper/dropper.c tests/helper/history.c \
	tests/helper/lurk.c tests/helper/race.c tests/helper/runonce.c \
	tests/helper/brief.c tests/helper/cutpower.c \
	tests/helper/cutshort.c tests/helper/ask.c tests/helper/browser.c \
	tests/helper/hangfs.c tests/helper/proxy.c

# Rules to be broken; tests/faults/mutants/X.sed makes
# tests/out/mutant-X/queuectl of the file of src/ that its first line names
# ("# spool.c: ...").  These `make check` needs itself.
MUTANTS = tests/faults/mutants/slow.sed tests/faults/mutants/no-same.sed \
	tests/faults/mutants/no-same-locked.sed

# Parsers to be fuzzed: tests/fuzz/X.c becomes tests/out/fuzz/X.
FUZZ = tests/fuzz/json.c tests/fuzz/draft.c tests/fuzz/job.c \
	tests/fuzz/text.c tests/fuzz/when.c tests/fuzz/conf.c \
	tests/fuzz/opt.c tests/fuzz/http.c

MAN1 = man/queuectl.1
MAN5 = man/queuectl-spool.5 man/queuectl-config.5

FLAGS = -std=c99 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 \
	-D_TIME_BITS=64 -Isrc \
	-DQUEUECTL_VERSION=\"$(VERSION)\" $(WARN) $(WERROR) \
	$(CPPFLAGS) $(CFLAGS)
LINK = $(CC) $(CFLAGS) $(LDFLAGS)

HEADERS != echo src/*.h
UNIT != echo tests/main.c tests/fixture.c tests/test_*.c
C_SCENARIOS != ls tests/scenario/*.c 2>/dev/null || :
C_FAULTS != ls tests/faults/*.c 2>/dev/null || :

all: src/queuectl

src/queuectl: $(OBJS) $(MAIN)
	$(LINK) -o $@ $(OBJS) $(MAIN) $(LDLIBS)

.SUFFIXES: .c .o
.c.o:
	$(CC) $(FLAGS) -c -o $@ $<

$(OBJS) $(MAIN): $(HEADERS) Makefile src/.flags

# The page of `queuectl dashboard`, as bytes of an array in src/page.c.
src/dashboard.inc: src/dashboard.html Makefile
	sed 's/^[[:blank:]]*//' src/dashboard.html | od -An -v -tu1 | \
		sed 's/[0-9][0-9]*/&,/g' >$@.new
	mv $@.new $@

src/page.o: src/dashboard.inc

# Written only when it would differ, so that it is older than what was built
# with these flags.  (rm: some makes compare times in whole seconds.)
src/.flags: FORCE
	@printf '%s\n' '$(OS) $(LINK) $(LDLIBS) $(FLAGS)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; \
	else rm -f src/*.o && mv $@.new $@; fi

FORCE:

# Tests

T =

check: src/queuectl tests/out/unit tests/out/helpers tests/out/mutants
	@tests/run $(T)

tests/out/unit: $(UNIT) tests/tests.h tests/fixture.h $(OBJS) \
		tests/out/check.flags
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $(UNIT) $(OBJS) \
		`cat tests/out/check.flags` $(LDLIBS)

# Installs the library Check if it is missing.
tests/out/check.flags: tests/need-check src/.flags
	@mkdir -p tests/out
	@CC='$(CC)' CFLAGS='$(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' \
		tests/need-check >$@.new
	@mv $@.new $@

# Static where that can be had: some of them are started 20,000 times.
tests/out/helpers: $(HELPERS) $(C_SCENARIOS) Makefile src/.flags
	@mkdir -p tests/out/scenario
	@for c in $(HELPERS) $(C_SCENARIOS); do \
		o=$${c#tests/}; o=tests/out/$${o#helper/}; \
		echo "$(CC) -o $${o%.c} $$c"; \
		$(CC) $(FLAGS) $(LDFLAGS) -static -o $${o%.c} $$c $(LDLIBS) \
			2>/dev/null || \
		$(CC) $(FLAGS) $(LDFLAGS) -o $${o%.c} $$c $(LDLIBS) || exit; \
	done
	@echo >$@

tests/out/mutants: $(MUTANTS) $(OBJS) $(MAIN)
	@for m in $(MUTANTS); do \
		x=$${m##*/}; d=tests/out/mutant-$${x%.sed}; mkdir -p $$d; \
		c=`sed -n "1s/^# \\([a-z_]*\\)\\.c:.*/\\1/p" $$m`; objs=; \
		for o in $(OBJS) $(MAIN); do \
			[ $$o = src/$$c.o ] || objs="$$objs $$o"; \
		done; \
		echo "$(CC) -o $$d/queuectl $$d/$$c.c"; \
		sed -f $$m src/$$c.c >$$d/$$c.c || exit; \
		if cmp -s src/$$c.c $$d/$$c.c; then \
			echo "$$m: changes nothing in src/$$c.c" >&2; exit 1; \
		fi; \
		$(CC) $(FLAGS) -c -o $$d/$$c.o $$d/$$c.c && \
		$(LINK) -o $$d/queuectl $$d/$$c.o $$objs $(LDLIBS) || exit; \
	done
	@echo >$@

# What tests/faults needs: programs of one file and all objects.
tests/out/faults/built: $(C_FAULTS) $(OBJS) Makefile
	@mkdir -p tests/out/faults
	@for c in $(C_FAULTS); do \
		x=tests/out/faults/`basename $$c .c`; \
		echo "$(CC) -o $$x $$c"; \
		$(CC) $(FLAGS) $(LDFLAGS) -o $$x $$c $(OBJS) $(LDLIBS) || \
			exit; \
	done
	@echo >$@

check-faults: src/queuectl tests/out/helpers tests/out/faults/built
	@TEST_SET=faults TEST_JOBS=8 TEST_LIMIT=$${TEST_LIMIT:-800} \
	    tests/run $(T)

# The page of the dashboard, in a browser; its pictures are in tests/web/out.
check-web: src/queuectl tests/out/helpers
	@mkdir -p tests/web/out
	@TEST_SET=web TEST_JOBS=2 tests/run $(T)

SOAK = random power-ext4 power-xfs races-twice

soak: src/queuectl tests/out/helpers tests/out/faults/built
	@while KILLS=10000 CUTS=1000 TEST_SET=faults TEST_LIMIT=7200 \
	    tests/run $(SOAK); do :; done; exit 1

# How tests/mutant makes a program of one changed source and these objects.
check-mutants: src/queuectl tests/out/helpers tests/out/faults/built \
		tests/out/check.flags
	@MUTANT_CC='$(CC) $(FLAGS) $(LDFLAGS)' \
	MUTANT_OBJS='$(OBJS)' MUTANT_MAIN='$(MAIN)' MUTANT_LIBS='$(LDLIBS)' \
	MUTANT_UNIT='$(UNIT)' \
	TEST_SET=faults/mutants TEST_LIMIT=300 tests/run $(T)

# The worlds of tests/model, and the steps that must be missed in them.
MODEL != echo tests/model/*.c

check-model: tests/out/model
	@tests/out/model

tests/out/model: $(MODEL) tests/model/model.h Makefile src/.flags
	@mkdir -p tests/out
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $(MODEL) $(LDLIBS)

# Needs clang.  FUZZ_RUNS inputs for those of JSON and HTTP, FUZZ_REST for each
# of the others; FUZZ_SEED other than 0: the same ones each time.
FUZZ_RUNS = 10000000
FUZZ_REST = 1000000
FUZZ_SEED = 0
FUZZ_CC = clang
FUZZ_CHECK = address,undefined -fno-sanitize-recover=all

fuzz: tests/out/fuzz/built
	@FUZZ_SEED=$(FUZZ_SEED); export FUZZ_SEED; \
	tests/fuzz/run $(FUZZ_RUNS) json http & \
	tests/fuzz/run $(FUZZ_REST) draft job text when conf opt; \
	rest=$$?; wait $$! && exit $$rest

tests/out/fuzz/built: $(OBJS:.o=.c) src/main.c $(HEADERS) $(FUZZ) \
		src/dashboard.inc \
		tests/fuzz/fuzz.c tests/fuzz/fuzz.h
	@mkdir -p tests/out/fuzz/o
	@for c in $(OBJS:.o=.c) tests/fuzz/fuzz.c; do \
		echo "$(FUZZ_CC) -c $$c"; \
		$(FUZZ_CC) $(FLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_CHECK) \
			-c -o tests/out/fuzz/o/`basename $$c .c`.o $$c || exit; \
	done
	@for c in $(FUZZ); do \
		x=tests/out/fuzz/`basename $$c .c`; \
		echo "$(FUZZ_CC) -o $$x $$c"; \
		$(FUZZ_CC) $(FLAGS) $(LDFLAGS) -fsanitize=fuzzer,$(FUZZ_CHECK) \
			-o $$x $$c tests/out/fuzz/o/*.o $(LDLIBS) -lm || exit; \
	done
	@echo >$@

# The program is measured as small boxes have it: static, with musl if that is
# there, and small.
SMALL = -Os -ffunction-sections -fdata-sections -fno-stack-protector \
	-fno-unwind-tables -fno-asynchronous-unwind-tables \
	-static -s -Wl,--gc-sections -Wl,-z,noseparate-code

bench: tests/out/bench/built
	@tests/bench/run $(T)

tests/out/bench/built: tests/bench/tool.c $(OBJS:.o=.c) src/main.c $(HEADERS) \
		src/dashboard.inc Makefile src/.flags
	@mkdir -p tests/out/bench
	@cc=`command -v musl-gcc || echo '$(CC)'`; o=tests/out/bench; \
	echo "$$cc $(SMALL) -o $$o/queuectl src/*.c"; \
	$$cc $(FLAGS) $(LDFLAGS) $(SMALL) -o $$o/queuectl \
		$(OBJS:.o=.c) src/main.c $(LDLIBS) && \
	$$cc $(FLAGS) $(LDFLAGS) $(SMALL) -o $$o/tool \
		tests/bench/tool.c $(LDLIBS)
	@echo >$@

demo: src/queuectl
	@tests/demo

# What needs tools beyond a compiler

C_FILES = src/*.[ch] tests/*.[ch] tests/*/*.[ch]

lint: lint-format lint-c lint-sh lint-man

lint-format:
	clang-format --dry-run -Werror $(C_FILES)

lint-c: src/dashboard.inc
	cppcheck --quiet --std=c99 --enable=warning,performance,portability \
		--inline-suppr --suppress=ctuuninitvar --error-exitcode=1 \
		-Isrc src
	clang-tidy --quiet src/*.c -- $(FLAGS)

lint-sh:
	shellcheck -e SC1090,SC1091 `find .ci tests contrib -name out -prune \
		-o -type f -exec grep -l '^#!.*sh$$' {} +`

lint-man:
	mandoc -Tlint -W warning man/*

format:
	clang-format -i $(C_FILES)

# What was built is installed as it is, whatever the variables say now.
install:
	@test -x src/queuectl || { echo "run make first" >&2; exit 1; }
	mkdir -p $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(MANDIR)/man5
	cp src/queuectl $(DESTDIR)$(BINDIR)/queuectl
	chmod 755 $(DESTDIR)$(BINDIR)/queuectl
	for m in $(MAN1); do \
		cp $$m $(DESTDIR)$(MANDIR)/man1/ && \
		chmod 644 $(DESTDIR)$(MANDIR)/man1/$${m#man/} || exit; \
	done
	for m in $(MAN5); do \
		cp $$m $(DESTDIR)$(MANDIR)/man5/ && \
		chmod 644 $(DESTDIR)$(MANDIR)/man5/$${m#man/} || exit; \
	done

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/queuectl
	for m in $(MAN1); do \
		rm -f $(DESTDIR)$(MANDIR)/man1/$${m#man/}; \
	done
	for m in $(MAN5); do \
		rm -f $(DESTDIR)$(MANDIR)/man5/$${m#man/}; \
	done

clean:
	rm -rf src/*.o src/dashboard.inc src/queuectl src/.flags src/.flags.new tests/out \
		tests/web/out

.PHONY: all check check-web check-faults soak check-mutants check-model fuzz bench demo \
	lint lint-format lint-c lint-sh lint-man format install \
	uninstall clean FORCE
