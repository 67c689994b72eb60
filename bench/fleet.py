#!/usr/bin/env python3
"""What many shards in one process cost, and how fast they are back after a restart.

    fleet.py SHERD [--shards N,N...] [--compression C]

For each number of shards: `sherd run` against the simulator, first with new sessions, then ended by
SIGTERM and started again. Prints seconds until all are READY (beside what Discord's limit alone takes:
5 s for each further one of a bucket), seconds from the second start until all have resumed, memory a
shard in both, and the processor's share while nothing happens but heartbeats.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "run"))
from programs import Run, Simulator, folder, wait_for  # noqa: E402

CONCURRENCY = 4096
IDLE_S = 10


def status(program, where):
    asked = subprocess.run([program, "status", "--json"], capture_output=True,
                           env=dict(os.environ, XDG_RUNTIME_DIR=where))
    return json.loads(asked.stdout) if asked.returncode == 0 else None


def wait_for_sessions(simulator, run, what, shards, patience_s):
    """Asks the simulator, not the run: to be asked costs time too."""
    begin = time.monotonic()
    if not wait_for(lambda: simulator.ask("/stats")[what] >= shards, patience_s):
        print(run.error()[-2000:], file=sys.stderr)
        sys.exit("%s: fewer than %d after %d s" % (what, shards, patience_s))
    return time.monotonic() - begin


def measure(program, shards, compression):
    where = folder()
    arguments = ["--shards", str(shards), "--sink", "none", "--intents", "all", "--log-level", "warn",
                 "--compression", compression]
    with Simulator(program, "--shards", str(shards), "--guilds", "0", "--rate", "0",
                   "--max-concurrency", str(CONCURRENCY), "--session-starts", "1000000") as simulator:
        with Run(program, simulator, where, *arguments) as run:
            starting_s = wait_for_sessions(simulator, run, "sessions", shards, 300)
            time.sleep(1)
            fresh = status(program, where)
            time.sleep(IDLE_S)
            later = status(program, where)
            begin = time.monotonic()
            run.process.send_signal(signal.SIGTERM)
            run.process.wait(30)
            ending_s = time.monotonic() - begin
        with Run(program, simulator, where, *arguments) as run:
            resuming_s = wait_for_sessions(simulator, run, "resumes", shards, 300)
            time.sleep(1)
            resumed = status(program, where)
            identifies = resumed["gateway"]["identifies"]
            run.end()
    limit_s = (shards - 1) // CONCURRENCY * 5
    idle = (later["cpu_s"] - fresh["cpu_s"]) / ((later["unix_ms"] - fresh["unix_ms"]) / 1000)
    print("%7d  %9.2f  %8d  %9.2f  %10.2f  %11.1f  %13.1f  %6.1f %%  %10d" % (
        shards, starting_s, limit_s, ending_s, resuming_s, fresh["resident_bytes"] / shards / 1024,
        resumed["resident_bytes"] / shards / 1024, idle * 100, identifies), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--shards", default="1000,10000")
    parser.add_argument("--compression", default="zlib-stream")
    options = parser.parse_args()
    print("%7s  %9s  %8s  %9s  %10s  %11s  %13s  %8s  %10s" % (
        "shards", "start s", "limit s", "stop s", "resumed s", "fresh kB", "resumed kB", "idle", "identifies"))
    for shards in options.shards.split(","):
        measure(options.program, int(shards), options.compression)


if __name__ == "__main__":
    main()
