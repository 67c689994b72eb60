"""Other people's libraries: their drivers as children, and what these tell."""

import json
import os
import queue
import subprocess
import threading
import time
from collections import defaultdict

STOP_S = 10


class Driver:
    """A run of a driver against a simulator. It tells lines of JSON; every other line that it
    writes is a complaint."""

    def __init__(self, command, simulator, way, shards, token, rest_token, certificate=None):
        encoding, compression = way
        env = {
            **os.environ,
            "SIM_API": simulator.api,
            "SIM_GATEWAY": simulator.url,
            "SIM_TOKEN": token,
            "SIM_REST_TOKEN": rest_token,
            "SIM_ENCODING": encoding,
            "SIM_COMPRESSION": compression,
            "SIM_SHARDS": str(shards),
        }
        if certificate:
            env["NODE_EXTRA_CA_CERTS"] = str(certificate.pem)
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            env.pop(name, None)
        self.dispatches = defaultdict(list)  # by shard
        self.count = 0
        self.complaints = []
        self.refusal = None
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
            self.dispatches[it["shard"]].append((it["s"], it["t"]))
            self.count += 1
        elif "refused" in it:
            self.refusal = it["refused"]
        else:
            self.complaints.append(it["complaint"].strip())

    def sort(self):
        for of_shard in self.dispatches.values():
            of_shard.sort()

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
        self.reader.join()
        self.child.stdout.close()
        while (line := self.lines.get()) is not None:
            self._take(line)
