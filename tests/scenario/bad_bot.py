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
import base64
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from urllib.parse import urlparse

MODE = sys.argv[1]


class Lost(Exception):
    """The connection is gone."""


class Connection:
    """A WebSocket of text messages."""

    def __init__(self, url):
        at = urlparse(url)
        self.socket = socket.create_connection((at.hostname, at.port), timeout=5)
        self.data = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /?v=10&encoding=json HTTP/1.1\r\nHost: {at.netloc}\r\n"
                             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
                             ).encode())
        while b"\r\n\r\n" not in self.data:
            self.read(5)
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Lost("no upgrade")

    def read(self, seconds):
        """Takes what comes within that time; False when nothing does."""
        if not select.select([self.socket], [], [], max(0, seconds))[0]:
            return False
        got = self.socket.recv(65536)
        if not got:
            raise Lost("end of stream")
        self.data += got
        return True

    def frame(self):
        """The next whole frame as (opcode, payload), or None."""
        if len(self.data) < 2:
            return None
        size, at = self.data[1] & 0x7F, 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            if len(self.data) < 2 + wide:
                return None
            size, at = int.from_bytes(self.data[2:2 + wide], "big"), 2 + wide
        if len(self.data) < at + size:
            return None
        opcode, payload = self.data[0] & 0x0F, self.data[at:at + size]
        self.data = self.data[at + size:]
        return opcode, payload

    def send_frame(self, opcode, payload):
        length = (struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload)) if len(payload) < 126 else
                  struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(payload)))
        self.socket.sendall(length + b"\0\0\0\0" + payload)  # a mask of zeros is one too

    def send(self, op, data):
        print("->", op, flush=True)
        self.send_frame(1, json.dumps({"op": op, "d": data}).encode())

    def close(self, code):
        self.send_frame(8, struct.pack("!H", code))
        self.socket.close()


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
