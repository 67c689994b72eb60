"""What the tests of `sherd run` share: the simulator, a run beside it, and how to say how it went."""
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOKEN = "sherd-sim-token"
failures = 0


def say(good, what, detail=""):
    global failures
    failures += not good
    print("%s %s%s" % ("ok" if good else "not ok", what, ": " + detail if detail else ""), flush=True)
    return good


def wait_for(question, seconds=30):
    """Asks until it is so; gives what was last said."""
    until = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > until:
            return answer
        time.sleep(0.05)


class Simulator:
    def __init__(self, program, *arguments, token=None):
        environment = dict(os.environ)
        environment.pop("SHERD_TOKEN", None)
        if token:
            environment["SHERD_TOKEN"] = token
        self.process = subprocess.Popen(
            [program, "sim", "--listen", "127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        first = self.process.stdout.readline().decode()
        self.url, self.api = re.search(r"listening on (\S+) \(api (\S+)\)", first).groups()
        self.control = self.api.replace("/api/v10", "/sim")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ask(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(self.control + path, data, timeout=20) as answer:
            return json.load(answer)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.process.stdout.close()


class Run:
    """A `sherd run`, with its lines as they come."""

    def __init__(self, program, simulator, folder, *arguments, token=TOKEN, environment=(), store=True,
                 stdin=subprocess.DEVNULL, reads=None, stderr=subprocess.PIPE):
        """`reads`: how many lines of stdout are read before it is closed; None: all. Another `stderr`
        is the caller's to read."""
        command = [program, "run"]
        if simulator:
            command += ["--gateway", simulator.url, "--api", simulator.api]
        if store:
            command += ["--session-store", os.path.join(folder, "sessions")]
        self.folder = folder
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder, **dict(environment))
        environment.pop("SHERD_TOKEN", None)
        if token:
            environment["SHERD_TOKEN"] = token
        self.lines = []
        self.errors = []
        self.process = subprocess.Popen(command + list(arguments), stdin=stdin, env=environment,
                                        stdout=subprocess.PIPE, stderr=stderr)
        self.readers = [threading.Thread(target=self.read, args=(source, lines, limit))
                        for source, lines, limit in ((self.process.stdout, self.lines, reads),
                                                     (self.process.stderr, self.errors, None)) if source]
        for reader in self.readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    @staticmethod
    def read(source, lines, limit):
        for line in source:
            lines.append(line.decode().rstrip("\n"))
            if len(lines) == limit:
                break
        source.close()

    def wait(self, seconds=30):
        """The exit code, once all output has been read."""
        code = self.process.wait(seconds)
        for reader in self.readers:
            reader.join()
        return code

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()

    def events(self, name=None):
        found = [json.loads(line) for line in list(self.lines)]
        return [event for event in found if name in (None, event["t"])]

    def error(self):
        return "\n".join(self.errors)


def folder():
    return tempfile.mkdtemp(prefix="sherd-run-")


def fetch(url):
    """Status and body, also of an error."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
