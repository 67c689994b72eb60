"""A WebSocket client of a page, so that what a scenario does to the wire is seen as it is."""
import base64
import json
import os
import select
import socket
import struct
from urllib.parse import urlparse


class Lost(Exception):
    """The connection is gone."""


class Connection:
    """A WebSocket; `final` tells whether the last frame ended its message."""

    final = True

    def __init__(self, url, query=""):
        at = urlparse(url)
        self.socket = socket.create_connection((at.hostname, at.port), timeout=5)
        self.data = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /?v=10&encoding=json{query} HTTP/1.1\r\nHost: {at.netloc}\r\n"
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
        self.final = self.data[0] & 0x80 != 0
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
