#!/usr/bin/env python3
"""A bot that is bad on purpose, to see that a scenario catches it.

usage: bad_bot.py MODE

  good            does everything right, so that it is known what the others lack
  ignores-op7     stays on its connection when it is asked to go
  never-resumes   identifies anew after every loss
  never-beats     sends no heartbeat
  deaf-to-op1     beats at its interval only
  never-returns   does not connect a second time
  crashes         ends with exit code 3 after READY

Plain JSON, no compression, blocking socket, no library.
"""
import json
import os
import signal
import sys
import time

from plain_websocket import Connection, Lost

MODE = sys.argv[1]


class Bot:
    def __init__(self):
        self.session = None
        self.url = os.environ["SHERD_GATEWAY_URL"]
        self.sequence = None

    def log_in(self, connection):
        token = os.environ["DISCORD_TOKEN"]
        if self.session and MODE != "never-resumes":
            connection.send(6, {"token": token, "session_id": self.session, "seq": self.sequence})
        else:
            connection.send(2, {"token": token, "intents": 513,
                                "properties": {"os": "x", "browser": "x", "device": "x"}})

    def beat(self, connection):
        if MODE != "never-beats":
            connection.send(1, self.sequence)

    def handle(self, connection, message):
        """True when the connection is to be left."""
        op, data = message["op"], message["d"]
        if op == 0:
            self.sequence = message["s"]
            if message["t"] == "READY":
                self.session = data["session_id"]
                self.url = data["resume_gateway_url"]
                if MODE == "crashes":
                    print("cannot go on", flush=True)
                    sys.exit(3)
        elif op == 10:
            self.interval = data["heartbeat_interval"] / 1000
            self.due = time.monotonic() + self.interval / 2
            self.log_in(connection)
        elif op == 1 and MODE != "deaf-to-op1":
            self.beat(connection)
        elif op == 7 and MODE != "ignores-op7":
            connection.close(4000)
            return True
        return False

    def serve(self, connection):
        self.due = time.monotonic() + 3600
        while True:
            frame = connection.frame()
            if frame is None:
                connection.read(self.due - time.monotonic())
                if time.monotonic() >= self.due:
                    self.due += self.interval
                    self.beat(connection)
            elif frame[0] == 8:
                raise Lost("closed")
            elif frame[0] == 1 and self.handle(connection, json.loads(frame[1])):
                return

    def run(self):
        while True:
            try:
                self.serve(Connection(self.url))
            except (Lost, OSError) as error:
                print("lost:", error, flush=True)
            while MODE == "never-returns":
                time.sleep(60)
            time.sleep(0.3)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Bot().run()
