#!/usr/bin/env python3
"""Holds `sherd run` against the simulator's ledger while it is killed and cut off.

    restarts.py SHERD [--shards N] [--events N] [--rate N] [--kills N] [--cuts N] [--seconds S]
                      [--sink stdout|unix] [--seed N] [--format F] [--compression C]

The simulator gives each session a stream of --events events. Meanwhile the process is ended by
SIGKILL --kills times and single connections are dropped --cuts times, both at random moments (that
--seed repeats) spread over --seconds. A consumer, which outlives all that, notes each line. In the
end it must have every event of the simulator's ledger, in order; an event may have come again only
across a restart; and every session must be the one that was begun first: no IDENTIFY but one a shard.

Says "ok ..." or "not ok ..." for each of these, and exits with 1 when one does not hold.
"""
import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from programs import TOKEN, Simulator, say, wait_for

HEAD = re.compile(rb'^(?:\{"n":(\d+),|\{)"shard":(\d+|null),"s":(\d+|null),"t":"([^"]*)"')


class Seen:
    """What the consumer has been told, shard by shard."""

    def __init__(self):
        self.lock = threading.Lock()
        self.life = 0  # counts the processes
        self.session = {}  # shard -> id
        self.events = {}  # (shard, session) -> [s...], each once
        self.last = {}  # shard -> (life, s): within one process numbers only rise
        self.count = 0
        self.repeats = 0
        self.faults = []
        self.lost = []

    def take(self, line):
        head = HEAD.match(line)
        if not head:
            self.faults.append("no line of ours: %r" % line[:100])
            return
        name = head[4].decode()
        if head[3] == b"null" or head[2] == b"null":
            if name == "SESSION_LOST":
                self.lost.append(line.decode().strip())
            return
        shard, s = int(head[2]), int(head[3])
        with self.lock:
            if name == "READY":
                self.session[shard] = json.loads(line)["d"]["session_id"]
            self.note(shard, s, name)

    def note(self, shard, s, name):
        key = (shard, self.session.get(shard))
        events = self.events.setdefault(key, [])
        life, last = self.last.get(shard, (self.life, 0))
        if life == self.life and s <= last and name != "READY":
            self.faults.append("shard %d: %d after %d within one process" % (shard, s, last))
        self.last[shard] = (self.life, s)
        if events and s <= events[-1]:
            self.repeats += 1
        else:
            events.append(s)
            self.count += 1


def begin_simulator(options, folder, *more):
    shards = str(options.shards)
    return Simulator(
        options.program, "--shards", shards, "--guilds", str(max(options.shards, 4)),
        "--rate", str(options.rate), "--events", str(options.events), "--seed", str(options.seed),
        "--max-concurrency", str(min(options.shards, 4096)), "--session-starts", "100000",
        "--session-ttl", "900", "--ledger", os.path.join(folder, "ledger"), *more)


def read_ledger(folder):
    events = {}
    with open(os.path.join(folder, "ledger"), "rb") as lines:
        for line in lines:
            entry = json.loads(line)
            events.setdefault((entry["shard"], entry["session"]), []).append(entry["s"])
    return events


class Runner:
    """The process under test; its consumer outlives it."""

    def __init__(self, program, options, simulator, folder, seen):
        self.seen = seen
        self.sink = options.sink
        self.socket_path = os.path.join(folder, "sherd.sock")
        self.command = [
            program, "run", "--gateway", simulator.url, "--api", simulator.api,
            "--shards", str(options.shards), "--session-store", os.path.join(folder, "sessions"),
            "--intents", "all", "--format", options.format, "--compression", options.compression,
            "--sink", "stdout" if self.sink == "stdout" else "unix:" + self.socket_path,
        ] + (["--consumers", "proof"] if self.sink == "unix" else [])
        self.environment = dict(os.environ, SHERD_TOKEN=TOKEN)
        self.log = open(os.path.join(folder, "run.log"), "ab")
        self.process = None
        self.reader = None
        self.reads = threading.Event()  # whoever clears it has a consumer that does not read
        self.reads.set()

    def start(self):
        with self.seen.lock:
            self.seen.life += 1
        is_stdout = self.sink == "stdout"
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stderr=self.log, env=self.environment,
            stdout=subprocess.PIPE if is_stdout else subprocess.DEVNULL)
        source = self.read_stdout if is_stdout else self.read_socket
        self.reader = threading.Thread(target=source, args=(self.process,))
        self.reader.start()

    def read_stdout(self, process):
        tail = b""
        while True:
            self.reads.wait()
            piece = os.read(process.stdout.fileno(), 1 << 16)
            if not piece:
                break
            lines = (tail + piece).split(b"\n")
            tail = lines.pop()
            for line in lines:
                self.seen.take(line)

    def read_socket(self, process):
        """Acknowledges what it has noted, every hundred lines."""
        connection = self.connect(process)
        if not connection:
            return
        hello = {"op": "subscribe", "name": "proof", "ack": True, "policy": "block"}
        tail, unacked = b"", 0
        try:
            connection.sendall(json.dumps(hello).encode() + b"\n")
            while True:
                connection.settimeout(0.05)
                try:
                    piece = connection.recv(1 << 16)
                    if not piece:
                        return
                except socket.timeout:
                    piece = b""
                lines = (tail + piece).split(b"\n")
                tail = lines.pop()
                for line in lines:
                    self.seen.take(line)
                    head = HEAD.match(line)
                    unacked = int(head[1]) if head and head[1] else unacked
                if unacked and (not piece or len(lines) > 0):
                    connection.settimeout(5)
                    connection.sendall(b'{"op":"ack","n":%d}\n' % unacked)
                    unacked = 0
        except (ConnectionError, socket.timeout):
            pass  # it was killed
        finally:
            connection.close()

    def connect(self, process):
        until = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < until:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self.socket_path)
                return connection
            except OSError:
                connection.close()
                time.sleep(0.01)
        return None

    def end(self, number):
        self.process.send_signal(number)
        status = self.process.wait(30)
        self.reader.join()
        if self.process.stdout:
            self.process.stdout.close()
        return status


def make_trouble(options, simulator, runner, dice):
    """Kills and cuts, at random moments over --seconds."""
    moments = [(dice.uniform(0, options.seconds), "kill") for _ in range(options.kills)]
    moments += [(dice.uniform(0, options.seconds), "cut") for _ in range(options.cuts)]
    begin = time.monotonic()
    for moment, what in sorted(moments):
        time.sleep(max(0, begin + moment - time.monotonic()))
        if what == "kill":
            runner.end(signal.SIGKILL)
            runner.start()
        else:
            simulator.ask("/drop", {"shard": dice.randrange(options.shards),
                                    "how": dice.choice(["tcp", "reset", 4000, "op7"])})


def has_all(simulator, seen, options):
    """The streams have ended, and what they had is there."""
    if seen.count < options.shards * options.events:
        return False
    newest = {(s["shard"][0], s["session"]): s["s"] for s in simulator.ask("/sessions")}
    time.sleep(1)
    return newest == {(s["shard"][0], s["session"]): s["s"] for s in simulator.ask("/sessions")} and all(
        s <= len(seen.events.get(key, ())) for key, s in newest.items())


def judge(options, seen, ledger, stats, status, ending_s):
    got = {key: events for key, events in seen.events.items()}
    missing = sum(len(set(events) - set(got.get(key, ()))) for key, events in ledger.items())
    beyond = sum(len(set(events) - set(ledger.get(key, ()))) for key, events in got.items())
    events = sum(len(events) for events in ledger.values())
    good = say(len(ledger) == options.shards, "each shard has one session",
               "%d sessions of %d shards" % (len(ledger), options.shards))
    good &= say(missing == 0, "no event is missing", "%d of %d missing" % (missing, events))
    good &= say(beyond == 0, "no event is there that was not sent", "%d" % beyond)
    good &= say(not seen.faults, "within a process numbers only rise",
                "; ".join(seen.faults[:5]) or "%d lines" % (seen.count + seen.repeats))
    good &= say(not seen.lost, "no session was lost", "; ".join(seen.lost[:3]))
    good &= say(status == 0, "SIGTERM ends it with 0", "exit status %s after %.2f s" % (status, ending_s))
    print("# %d events of %d shards; %d kills, %d cuts; %d came again after a kill (%.2f a kill and shard);"
          " simulator: %s" % (seen.count, options.shards, options.kills, options.cuts, seen.repeats,
                              seen.repeats / max(1, options.kills) / options.shards, json.dumps(stats)))
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    for name, default in (("shards", 40), ("events", 300), ("rate", 20), ("kills", 6), ("cuts", 6),
                          ("seconds", 12), ("seed", 1), ("patience", 90)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--sink", default="stdout", choices=("stdout", "unix"))
    parser.add_argument("--format", default="json")
    parser.add_argument("--compression", default="zlib-stream")
    parser.add_argument("--keep")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="sherd-run-")
    os.makedirs(folder, exist_ok=True)
    dice = random.Random(options.seed)
    seen = Seen()
    simulator = begin_simulator(options, folder)
    runner = Runner(options.program, options, simulator, folder, seen)
    good = True
    try:
        runner.start()
        good &= say(wait_for(lambda: len(seen.session) == options.shards, options.patience),
                    "all shards are READY")
        time.sleep(0.3)  # what was just read is taken a moment later
        make_trouble(options, simulator, runner, dice)
        good &= say(wait_for(lambda: has_all(simulator, seen, options), options.patience),
                    "the streams come to their end")
        begin = time.monotonic()
        status = runner.end(signal.SIGTERM)
        ending_s = time.monotonic() - begin
        stats = simulator.ask("/stats")
    finally:
        if runner.process and runner.process.poll() is None:
            runner.process.kill()
        simulator.stop()
    good &= judge(options, seen, read_ledger(folder), stats, status, ending_s)
    if not good:
        print("# see %s" % folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
