#!/usr/bin/env python3
"""Stops the consumer of `sherd run` for a while, and looks at what that costs.

    stall.py SHERD [--seconds N] [--shards N] [--rate N] [--queue SIZE]

While nobody reads, the process must not grow beyond its queue, heartbeats must go on (the simulator
would close who misses one, with an interval of a second), and when reading goes on everything must
come, once and in order. For the five minutes that a person has in mind: --seconds 300.
"""
import argparse
import os
import signal
import sys
import tempfile
import time

from programs import say, wait_for
import programs
from restarts import Runner, Seen, begin_simulator, has_all, judge, read_ledger

MIB = 1 << 20


def resident_bytes(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def stall(options, runner, simulator):
    """Gives the most memory that was seen meanwhile, beyond what there was before."""
    before = resident_bytes(runner.process.pid)
    stats = simulator.ask("/stats")
    most = before
    runner.reads.clear()
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        time.sleep(0.1)
        most = max(most, resident_bytes(runner.process.pid))
    after = simulator.ask("/stats")
    runner.reads.set()
    beats = after["heartbeats"] - stats["heartbeats"]
    owed = options.shards * options.seconds * 1000 // options.heartbeat
    say(beats >= owed - 2 * options.shards, "heartbeats go on while nobody reads",
        "%d of %d" % (beats, owed))
    say(after["closes"] == stats["closes"], "the simulator has closed nobody for a missing one")
    return most - before


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    for name, default in (("shards", 8), ("rate", 400), ("seconds", 8), ("events", 6000), ("seed", 1),
                          ("patience", 120), ("heartbeat", 1000), ("kills", 0), ("cuts", 0)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--queue", default="1M")
    parser.add_argument("--sink", default="stdout")
    parser.add_argument("--format", default="json")
    parser.add_argument("--compression", default="zlib-stream")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="sherd-run-")
    seen = Seen()
    simulator = begin_simulator(options, folder, "--heartbeat-interval", str(options.heartbeat))
    runner = Runner(options.program, options, simulator, folder, seen)
    runner.command += ["--queue", options.queue]
    try:
        runner.start()
        wait_for(lambda: len(seen.session) == options.shards, options.patience)
        grown = stall(options, runner, simulator)
        # The queue, what one read of each loop thread brings, and the allocator's share.
        bound = int(options.queue.rstrip("M")) * MIB + 16 * MIB
        say(grown < bound, "the process grows by no more than its queue",
            "%.1f MiB with a queue of %s" % (grown / MIB, options.queue))
        say(wait_for(lambda: has_all(simulator, seen, options), options.patience),
            "when reading goes on, everything comes")
        begin = time.monotonic()
        status = runner.end(signal.SIGTERM)
        ending_s = time.monotonic() - begin
        stats = simulator.ask("/stats")
    finally:
        runner.reads.set()
        if runner.process and runner.process.poll() is None:
            runner.process.kill()
        simulator.stop()
    judge(options, seen, read_ledger(folder), stats, status, ending_s)
    return 1 if programs.failures else 0


if __name__ == "__main__":
    sys.exit(main())
