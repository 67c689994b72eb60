#!/usr/bin/env python3
"""Compares Sherd with its peers in one run, and writes what came of it.

    compare.py BUILT INSTALLED STREAMS DOCS [--events N] [--runs N] [--minutes N] [--only LIBRARY]...
               [--print] [--quick]

BUILT has bench_sender and the like, INSTALLED takes the libraries, STREAMS the streams, DOCS is
docs/: benchmarks.md, of which the part between the marks is replaced, and the charts. With --only or
--print nothing is written there: the tables are printed. Each row is run once, then all of them
again, until there are so many runs of each or the next ones would take too long. Then come the parts that are
not one shard's stream: latency, busy shards, idle shards; --only names them too. With --quick they
are short.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import report
from latency import Latency
from many import Busy, Idle
from peers import BYTES, LIBRARIES, ROWS, SMALL, client, sender_options

HERE = Path(__file__).resolve().parent
IDLE_SHARDS = 100
IDLE_WAIT_S = 90
WAIT_S = 300
PARTS = [Latency, Busy, Idle]
LINE = 160


class Failure(Exception):
    pass


def short(text):
    """The line of it that says most: the last one, or the one that names an error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or "error" in line]
    return (errors or lines[-1:] or ["it said nothing"])[0][:LINE]


def run(words, env, wait_s):
    try:
        done = subprocess.run([str(word) for word in words], env=env, capture_output=True, text=True, timeout=wait_s)
    except subprocess.TimeoutExpired:
        raise Failure(f"it was not done after {wait_s} s") from None
    if done.returncode:
        raise Failure(short(done.stderr))
    return json.loads(done.stdout)


class Comparison:
    def __init__(self, options):
        self.options = options
        self.runs = defaultdict(list)  # by row: what each told
        self.idle = {}  # by row: kB of a shard
        self.idle_failures = {}
        self.failures = {}  # by row: why
        self.installs = {}
        self.events = 0
        self.text_bytes = {}  # by stream
        self.parts = [part(options.quick) for part in PARTS]

    @property
    def rows(self):
        return [row for row in ROWS if not self.options.only or row.library in self.options.only]

    # --- Before ---

    def install(self):
        for part in {LIBRARIES[row.library].part: None for row in self.rows if LIBRARIES[row.library].part}:
            say(f"installing {part}")
            words = [HERE / "install", self.options.installed, part]
            done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
            if done.returncode:
                self.installs[part] = short(done.stderr + done.stdout)
                say(f"  not installed: {self.installs[part]}")

    def make_streams(self):
        for folder, events, guilds in (("busy", self.options.events, 50), ("idle", 0, 0)):
            where = self.options.streams / folder
            where.mkdir(parents=True, exist_ok=True)
            words = [self.options.built / "bench_stream", where, events, 1, guilds]
            subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
        for row in ROWS:
            with open(self.stream("busy", row), "rb") as file:
                head = json.loads(file.readline())
            self.events = head["events"]
            self.text_bytes[row.stream] = head["text_bytes"]

    def stream(self, folder, row):
        return self.options.streams / folder / row.stream

    # --- A run ---

    def start(self, row, folder, *options, wait_s=WAIT_S):
        part = LIBRARIES[row.library].part
        if part in self.installs:
            raise Failure(f"not installed: {self.installs[part]}")
        library, stream = LIBRARIES[row.library], self.stream(folder, row)
        if row.does == BYTES:
            more = [self.options.streams / "tls"] if library.has_tls else []
            return run([self.options.built / library.floor, stream, row.variant, *more], None, wait_s)
        words, env = client(row, self.options)
        options = [*sender_options(row, self.options.streams), *options]
        return run([self.options.built / "bench_sender", stream, *options, *words], env, wait_s)

    def measure(self, row):
        it = self.start(row, "busy")
        if it["events"] != self.events:
            raise Failure(f"it counted {it['events']} of {self.events} events")
        self.runs[row].append(it)
        say(f"  {row}: {it['cpu_s'] / self.events * 1e6:.2f}")

    def attempt(self, row, what):
        """Once it has failed it is not tried again."""
        if row in self.failures:
            return
        try:
            what(row)
        except Failure as failure:
            self.failures[row] = str(failure)
            say(f"  {row}: {failure}")

    def measure_all(self):
        end_s = time.monotonic() + self.options.minutes * 60
        for i in range(self.options.runs):
            begin_s = time.monotonic()
            say(f"round {i + 1} of {self.options.runs}")
            for row in self.rows:
                self.attempt(row, self.measure)
            # Another round must fit.
            if 2 * time.monotonic() - begin_s > end_s:
                break

    # --- Idle shards ---

    def measure_idle(self, row):
        resident = {}
        for shards in (1, IDLE_SHARDS):
            it = self.start(row, "idle", "--idle", shards, wait_s=IDLE_WAIT_S)
            resident[shards] = it["rss_kb"]
        self.idle[row] = (resident[IDLE_SHARDS] - resident[1]) / (IDLE_SHARDS - 1)

    def measure_all_idle(self):
        """Of each library one row, that of zlib-stream if it has one; of Sherd each compression."""
        say(f"{IDLE_SHARDS} idle shards")
        chosen = {}
        for row in self.rows:
            library = LIBRARIES[row.library]
            if row.does == BYTES or row.variant == SMALL or row.format != "json" or not library.has_shards or row in self.failures:
                continue
            key = row.stream if row.library == "Sherd" else row.name if row.variant else row.library
            if key not in chosen or (row.compression == "zlib-stream") > (chosen[key].compression == "zlib-stream"):
                chosen[key] = row
        for row in chosen.values():
            try:
                self.measure_idle(row)
                say(f"  {row}: {self.idle[row]:.0f} kB")
            except Failure as failure:
                self.idle_failures[row] = str(failure)
                say(f"  {row}: {failure}")


    # --- The parts that are not one shard's stream ---

    def deal(self, row, options, words=None):
        """Deals the events out, to the row's client or another."""
        of_row, env = client(row, self.options)
        stream = self.options.streams / "busy/json-none"
        dealer = [self.options.built / "bench_dealer", stream, row.compression, *options]
        return self.run([*dealer, *(words or of_row)], env)

    def run(self, words, env):
        return run(words, env, WAIT_S)

    def say(self, text):
        say(text)

    def measure_parts(self):
        for part in self.parts:
            if self.options.only and part.name not in self.options.only:
                continue
            say(part.name)
            try:
                part.measure(self)
            except Failure as failure:
                part.failure = str(failure)
                say(f"  {failure}")


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("built", "installed", "streams", "docs"):
        parser.add_argument(name, type=lambda text: Path(text).resolve())
    parser.add_argument("--events", type=int, default=50000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=12, help="for the rounds, without the idle shards")
    parser.add_argument("--print", action="store_true", help="print the tables, and leave docs/ as it is")
    parser.add_argument("--only", action="append", metavar="LIBRARY", choices=[*LIBRARIES, *(part.name for part in PARTS)])
    parser.add_argument("--quick", action="store_true", help="short forms of what lasts, to see that it works")
    return parser.parse_args()


def main():
    options = arguments()
    comparison = Comparison(options)
    comparison.install()
    comparison.make_streams()
    comparison.measure_all()
    comparison.measure_all_idle()
    comparison.measure_parts()
    if options.only or options.print:
        print(report.text(comparison, os.cpu_count()))
    else:
        report.write(comparison, options.docs, os.cpu_count())


main()
