#!/usr/bin/env python3
"""`sherd run` as a person meets it: how it starts, what it says, how it ends and begins again.

Usage: test_program.py SHERD
"""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from programs import Run, Simulator, fetch, folder, say, wait_for
import programs

SHERD = sys.argv[1]


def connected(run, count):
    return wait_for(lambda: len(run.events("READY")) + len(run.events("RESUMED")) >= count)


def refused(what, code, pattern, *arguments, **options):
    """It ends at once, with that exit code and a line that says what to do."""
    with Run(SHERD, options.pop("simulator", None), options.pop("where", folder()), *arguments,
             **options) as run:
        got = run.wait()
        said = run.error()
        say(got == code and re.search(pattern, said) and not run.lines, what,
            "exit status %d, %s" % (got, said[-400:]))


def test_bad_settings():
    refused("without a token it says where one goes", 64, r"SHERD_TOKEN.*--token-file", token=None)
    refused("a token as an argument is refused", 64, r"--token", "--token", "x")
    refused("a flag that is not there is named, and its likes", 64, r"shrads.*shards", "--shrads", "1")
    where = folder()
    path = os.path.join(where, "sherd.conf")
    with open(path, "w") as file:
        file.write("[shards]\nshards = 2\nshrads = 3\n[gateway]\ncompression = zlib\n")
    refused("each fault of a file is told with its line", 78,
            r"(?s)sherd\.conf:3: .*shrads.*shards.*sherd\.conf:5: .*zlib", "--config", path)
    refused("a store where no folder is", 73, r"/nowhere/", "--session-store", "/nowhere/at/all",
            store=False)
    refused("and so it does when the number of shards is known", 73, r"/nowhere/at/all",
            "--session-store", "/nowhere/at/all", "--shards", "2", store=False)


def test_check():
    with Run(SHERD, None, folder(), "--check", "--shards", "3") as run:
        code = run.wait()
        text = "\n".join(run.lines)
        say(code == 0 and "shards" in text and "3" in text and programs.TOKEN not in text,
            "--check says what would run, and runs nothing", text[:200])


def test_wrong_token():
    with Simulator(SHERD) as simulator:
        refused("a wrong token ends it with 77", 77, r"401|4004|token", simulator=simulator,
                token="not-the-token")


def test_lines_and_restart():
    """Two shards; all lines are JSON; a stop and a start resume without an IDENTIFY."""
    where = folder()
    with Simulator(SHERD, "--shards", "2", "--rate", "50", "--max-concurrency", "2") as simulator:
        with Run(SHERD, simulator, where) as run:
            connected(run, 2)
            wait_for(lambda: len(run.lines) > 60)
            code = run.end()
            say(code == 0, "SIGTERM ends it with 0", "%d" % code)
            first = run.events()
        mode = os.stat(os.path.join(where, "sessions")).st_mode & 0o777
        say(mode == 0o600, "the store is its owner's alone", "%o" % mode)
        with Run(SHERD, simulator, where) as run:
            connected(run, 2)
            wait_for(lambda: len(run.lines) > 60)
            code = run.end()
            second = run.events()
        stats = simulator.ask("/stats")
        say(stats["sessions"] == 2 and stats["resumes"] >= 2, "the next process resumes",
            json.dumps(stats))
        say(not [e for e in second if e["t"] == "READY"], "and is told of no new session")
        for shard in (0, 1):
            numbers = [e["s"] for e in first + second if e["shard"] == shard and e["s"] is not None]
            say(numbers == list(range(1, len(numbers) + 1)),
                "shard %d: each number once, in order, over both" % shard,
                "%d events" % len(numbers))


def test_other_stores():
    where = folder()
    store = os.path.join(where, "sessions")
    with Simulator(SHERD, "--shards", "1") as simulator:
        with Run(SHERD, simulator, where) as run:
            connected(run, 1)
            refused("a store that another process has", 75, r"sessions.*(pid|process)", where=where,
                    simulator=simulator)
            run.end()
        refused("a store for another number of shards", 78, r"sessions.*1 shard", "--shards", "2",
                where=where, simulator=simulator)
    with Simulator(SHERD, token="another-bots-token") as simulator:
        refused("another bot's store", 78, r"another bot", simulator=simulator, where=where,
                token="another-bots-token")
    with open(store, "r+b") as file:
        file.write(b"garbage!" * 1024)
    with Simulator(SHERD) as simulator:
        refused("a damaged store", 78, r"sessions", simulator=simulator, where=where)


def test_what_is_seen():
    """The control socket, metrics and health; a re-sharding; settings read again."""
    where = folder()
    conf = os.path.join(where, "sherd.conf")
    with open(conf, "w") as file:
        file.write("[bot]\nstatus = online\n[log]\nlevel = info\n[watch]\nmetrics = 127.0.0.1:0\n")
    with Simulator(SHERD, "--shards", "2", "--max-concurrency", "16", "--rate", "20") as simulator:
        with Run(SHERD, simulator, where, "--config", conf, "--reshard-overlap", "1s") as run:
            connected(run, 2)
            environment = dict(os.environ, XDG_RUNTIME_DIR=where)
            asked = subprocess.run([SHERD, "status", "--json"], capture_output=True, env=environment)
            status = json.loads(asked.stdout or "{}")
            say(status.get("fleet", {}).get("connected") == 2, "sherd status --json",
                asked.stderr.decode())
            table = subprocess.run([SHERD, "status"], capture_output=True, env=environment)
            say(b"running: 2 of 2 shards connected" in table.stdout, "sherd status is a table",
                table.stdout.decode()[:120])
            port = re.search(r"run\.metrics.*port=(\d+)", run.error()).group(1)
            code, text = fetch("http://127.0.0.1:%s/metrics" % port)
            say(code == 200 and "\nsherd_fleet_shards_connected 2\n" in text, "metrics")
            check_metrics(text)
            for path in ("healthz", "readyz"):
                code, text = fetch("http://127.0.0.1:%s/%s" % (port, path))
                say(code == 200, path, text.strip())
            with open(conf, "w") as file:
                file.write("[bot]\nstatus = dnd\n[log]\nlevel = warn\n[watch]\nmetrics = 127.0.0.1:0\n")
            run.process.send_signal(signal.SIGHUP)
            say(wait_for(lambda: [line for line in run.errors if "status" in line and "reload" in line]),
                "SIGHUP reads the settings again")
            reshard(simulator, run, environment)
            say(run.end() == 0, "and it ends with 0")


def check_metrics(text):
    """By promtool where it is installed; the unit tests have a reader of their own."""
    try:
        checked = subprocess.run(["promtool", "check", "metrics"], input=text.encode(),
                                 capture_output=True)
    except FileNotFoundError:
        print("# no promtool here")
        return
    say(checked.returncode == 0, "promtool has nothing to say", checked.stderr.decode())


def reshard(simulator, run, environment):
    asked = subprocess.run([SHERD, "reshard", "3"], capture_output=True, env=environment)
    say(asked.returncode == 0, "sherd reshard 3", asked.stderr.decode())
    wait_for(lambda: run.events("RESHARDED"))
    say(len(run.events("RESHARDED")) == 1, "it goes over to three shards")
    say(wait_for(lambda: len([s for s in simulator.ask("/sessions") if s["shard"][1] == 3
                              and s["connected"]]) == 3), "which are there")
    wrong = subprocess.run([SHERD, "reshard", "0"], capture_output=True, env=environment)
    say(wrong.returncode == 64, "sherd reshard 0 is refused", wrong.stderr.decode())


def test_requests_on_stdin():
    where = folder()
    with Simulator(SHERD, "--shards", "1", "--rate", "0", "--guilds", "2") as simulator:
        guild = simulator.ask("/world")["guilds"][0]["id"]
        with Run(SHERD, simulator, where, "--stdin", "--intents", "all", stdin=subprocess.PIPE) as run:
            connected(run, 1)
            for request in ({"op": "update_presence", "id": 1, "status": "idle"},
                            {"op": "request_guild_members", "id": "two", "guild_id": guild,
                             "query": "", "limit": 0},
                            {"op": "jump", "id": 3}):
                run.process.stdin.write(json.dumps(request).encode() + b"\n")
            run.process.stdin.flush()
            wait_for(lambda: len(run.events("RESULT")) == 3)
            results = {json.dumps(e["d"]["id"]): e["d"]["status"] for e in run.events("RESULT")}
            say(results == {"1": "SHERD_OK", '"two"': "SHERD_OK", "3": "SHERD_EINVAL"},
                "each request has its result", json.dumps(results))
            say(wait_for(lambda: run.events("GUILD_MEMBERS_CHUNK")), "and what it asked for comes")
            run.process.stdin.close()
            time.sleep(0.2)
            say(run.process.poll() is None, "the end of stdin is no end")
            say(run.end() == 0, "SIGTERM is")


def test_a_reader_that_goes():
    where = folder()
    with Simulator(SHERD, "--shards", "1", "--rate", "200") as simulator:
        with Run(SHERD, simulator, where, reads=1000) as run:
            code = run.wait()
            say(code == 0 and re.search("reader|stdout", run.error()),
                "when nobody reads stdout any more it ends, keeping its sessions", run.error()[-200:])
        with Run(SHERD, simulator, where) as run:
            say(wait_for(lambda: run.events("RESUMED")), "and the next one resumes")
            run.end()


class Terminal:
    """A pseudo-terminal for stderr, and what has been written to it."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        self.text = ""
        self.reader = threading.Thread(target=self.read)

    def show(self):
        """Begins to read; until then nobody does."""
        os.close(self.slave)
        self.reader.start()

    def read(self):
        try:
            while True:
                self.text += os.read(self.master, 65536).decode()
        except OSError:  # nobody has it any more
            pass

    def close(self):
        self.reader.join()
        os.close(self.master)


def test_a_terminal():
    where, terminal = folder(), Terminal()
    with Simulator(SHERD, "--shards", "2") as simulator:
        with Run(SHERD, simulator, where, stderr=terminal.slave) as run:
            terminal.show()
            say(wait_for(lambda: re.search(r"\[=*> *\] [01]/2 shards", terminal.text)),
                "a bar while shards start", repr(terminal.text[-100:]))
            say(wait_for(lambda: re.search(r"\r2/2 shards, \S+ events/s", terminal.text)),
                "and a status line after", repr(terminal.text[-100:]))
            code = run.end()
            terminal.close()
            say(code == 0 and re.search(r"\r\x1b\[K$|\n$", terminal.text), "which is gone at the end",
                repr(terminal.text[-100:]))
            lines = [re.split(r"\r|\x1b\[K", line)[-1] for line in terminal.text.split("\r\n")[:-1]
                     if "event=" in line]
            say(lines and all(line.startswith("ts=") for line in lines), "no log line runs into it",
                repr([line for line in lines if not line.startswith("ts=")][:1]))


def test_a_terminal_that_nobody_shows():
    """It is full after a while, and neither events nor the end wait for it."""
    where, terminal = folder(), Terminal()
    with Simulator(SHERD, "--shards", "1", "--rate", "100") as simulator:
        with Run(SHERD, simulator, where, "--log-level", "debug", stderr=terminal.slave) as run:
            connected(run, 1)
            time.sleep(2)
            count = len(run.lines)
            say(wait_for(lambda: len(run.lines) > count + 50, 5), "events come all the same",
                "%d, and then %d" % (count, len(run.lines)))
            try:
                run.process.send_signal(signal.SIGTERM)
                say(run.process.wait(5) == 0, "and it ends")
            except subprocess.TimeoutExpired:
                say(False, "and it ends")
                run.process.kill()
            terminal.show()
            terminal.close()


def test_systemd():
    where = folder()
    path = os.path.join(where, "notify")
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(path)
        ear.settimeout(0.1)

        def hears(pattern, seconds=10):
            def listen():
                try:
                    while True:
                        heard.append(ear.recv(4096).decode())
                except TimeoutError:
                    return re.search(pattern, "\n".join(heard))
            return wait_for(listen, seconds)

        with Simulator(SHERD, "--shards", "2") as simulator:
            with Run(SHERD, simulator, where, environment={"NOTIFY_SOCKET": path,
                                                           "WATCHDOG_USEC": "1000000"}) as run:
                say(hears(r"EXTEND_TIMEOUT_USEC=\d+\nSTATUS=starting: \d/2 shards connected"),
                    "systemd hears how far a start is", repr(heard))
                run.process.send_signal(signal.SIGHUP)
                wait_for(lambda: "run.reload" in run.error())
                hears("$")
                say(not re.search("READY|RELOADING", "".join(heard)) or "running" in "".join(heard),
                    "a reload before it is ready makes it no readier", repr(heard))
                say(hears(r"READY=1\nSTATUS=running: 2/2"), "that it is ready", repr(heard[-2:]))
                before = len(heard)
                time.sleep(2)
                hears("$")
                beats = heard[before:].count("WATCHDOG=1")
                say(2 <= beats <= 5, "that it lives, twice a second", "%d in 2 s" % beats)
                run.process.send_signal(signal.SIGHUP)
                say(hears(r"RELOADING=1\nMONOTONIC_USEC=\d+(\nWATCHDOG=1)?\nREADY=1"), "that it reads again",
                    repr(heard[-3:]))
                code = run.end()
                say(hears("STOPPING=1") and code == 0, "and that it stops", repr(heard[-2:]))


def test_no_place_for_what_it_writes():
    where = folder()
    environment = dict(os.environ, XDG_RUNTIME_DIR=where, SHERD_TOKEN=programs.TOKEN)
    with Simulator(SHERD, "--shards", "1") as simulator, socket.socket() as other:
        command = [SHERD, "run", "--gateway", simulator.url, "--api", simulator.api]
        with open("/dev/full", "w") as full:
            ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=full,
                                   stderr=subprocess.PIPE, timeout=30)
        say(ended.returncode == 71 and b"No space left" in ended.stderr,
            "a stdout that is full ends it with 71",
            "%d, %s" % (ended.returncode, ended.stderr[-200:]))
        ended = subprocess.run(["sh", "-c", 'exec "$@" <&- >&-', "sh"] + command, env=environment,
                               stderr=subprocess.PIPE, timeout=30)
        say(ended.returncode == 71 and b"Bad file descriptor" in ended.stderr,
            "and so does one that is closed", "%d, %s" % (ended.returncode, ended.stderr[-200:]))
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused("metrics where another one listens", 71, "Address already in use", "--metrics",
                "127.0.0.1:%d" % other.getsockname()[1], simulator=simulator)
        codes = [subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=30,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                      (most, most))).returncode
                 for most in range(7, 12)] # with 6, LeakSanitizer itself has too few
        say(set(codes) <= {71, 73}, "too few descriptors are told of, not stumbled over", str(codes))


for test in (test_bad_settings, test_check, test_wrong_token, test_lines_and_restart,
             test_other_stores, test_what_is_seen, test_requests_on_stdin, test_a_reader_that_goes, test_a_terminal,
             test_a_terminal_that_nobody_shows, test_systemd, test_no_place_for_what_it_writes):
    try:
        test()
    except Exception as error:  # one that breaks is one that fails, and the others go on
        say(False, test.__name__, repr(error))
sys.exit(1 if programs.failures else 0)
