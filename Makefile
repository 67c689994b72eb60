# Thin names over Meson; Meson knows how things are built.
#
#   make            builds everything into build/
#   make demo       installs what is missing, builds, and shows shards at work on this machine
#   make test       installs what is missing, builds five times, and runs every test
#   make instructions  counts the hot paths' instructions anew; commit what it writes, and say why
#   make clients    holds all Discord libraries of other people's that it can get against the simulator
#   make bench      installs what is missing, builds for speed, and runs the benches
#   make bench-peers  installs other people's libraries and compares; writes docs/benchmarks.md
#   make fuzz       runs every fuzz target for FUZZ_SECONDS each
#   make install    installs what is built; PREFIX, LIBDIR and DESTDIR say where
#   make format     formats the sources
#   make clean      removes what was built

PREFIX ?= /usr/local
DESTDIR ?=
# On a Debian without dpkg-dev Meson would take lib64, where Debian's tools do not look.
LIBDIR ?= $(if $(wildcard /etc/debian_version),lib)
FUZZ_SECONDS ?= 60
MESON ?= meson
where = --prefix="$(PREFIX)" $(if $(LIBDIR),--libdir="$(LIBDIR)")

.PHONY: all demo test instructions clients bench bench-peers fuzz install format clean help

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	@$(MESON) setup build $(where) >build-setup.log || { cat build-setup.log; exit 1; }
	@rm -f build-setup.log

demo:
	@scripts/bootstrap build
	@scripts/demo

test:
	@scripts/bootstrap test
	@scripts/test

instructions:
	@scripts/bootstrap test
	@scripts/instructions --update

clients:
	@scripts/bootstrap test
	@scripts/test all_clients

bench:
	@scripts/bootstrap build
	@scripts/bench

bench-peers:
	@scripts/bootstrap test
	@scripts/bench-peers

fuzz:
	@scripts/bootstrap test
	@FUZZ_SECONDS="$(FUZZ_SECONDS)" scripts/fuzz

install: all
	@$(MESON) configure build $(where)
	@DESTDIR="$(DESTDIR)" $(MESON) install -C build

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	@rm -rf build build-test build-bench build-fuzz

help:
	@sed -n 's/^#   /  /p' Makefile
