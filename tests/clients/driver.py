"""What drives a library of other people's: a child, and what it tells."""

import json
import queue
import signal
import subprocess
import threading
import time
from collections import defaultdict

STOP_S = 10


class Driver:
    """A run of a driver against a simulator. It tells lines of JSON; every other line that it
    writes is a complaint."""

    def __init__(self, command, env):
        self.dispatches = defaultdict(list)  # by shard, in the order in which it told them
        self.connections = defaultdict(lambda: defaultdict(list))  # by shard and connection
        self.resumes = {}  # what each connection's RESUME named as the last number
        self.seen = set()  # of shard and number
        self.complaints = []
        self.refusal = None
        self.closes = []  # what its connections were closed with: code and reason
        self.lines = queue.Queue()
        self.child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def _take(self, line):
        try:
            it = json.loads(line)
        except ValueError:
            it = {"complaint": line}
        if "t" in it:
            shard, dispatch = it["shard"], (it["s"], it["t"])
            self.dispatches[shard].append(dispatch)
            self.connections[shard][it.get("connection")].append(dispatch)
            self.seen.add((shard, it["s"]))
        elif "resume" in it:
            self.resumes[it["connection"]] = it["resume"]
        elif "closed" in it:
            self.closes.append((it["closed"], it["reason"]))
        elif "refused" in it:
            self.refusal = it["refused"]
        else:
            self.complaints.append(it["complaint"].strip())

    @property
    def count(self):
        return sum(map(len, self.dispatches.values()))

    def run_until(self, is_done, timeout_s):
        """Takes what it tells until that is enough; False when it ends or takes too long."""
        until = time.monotonic() + timeout_s
        while not is_done(self):
            try:
                line = self.lines.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                return False
            if line is None:
                self.lines.put(None)
                return False
            self._take(line)
        return True

    def stop(self):
        """Ends it, and takes what it still told."""
        self.child.terminate()
        try:
            self.child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.complaints.append("did not end when told to")
            self.child.kill()
            self.child.wait()
        if self.child.returncode < 0 and self.child.returncode != -signal.SIGTERM:
            self.complaints.append(f"was ended by signal {-self.child.returncode}")
        self.reader.join()
        self.child.stdout.close()
        while (line := self.lines.get()) is not None:
            self._take(line)
