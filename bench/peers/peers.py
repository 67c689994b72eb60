"""What is compared: each library, what of it is measured, and how its program is started."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIENTS = HERE.parent.parent / "tests" / "clients"

# What is done with an event.
RAW = "raw"  # its text is there; nothing of it is decoded but the envelope
DECODED = "decoded"  # all of it has become the language's own values
OBJECTS = "objects"  # all of it has become the library's own types
WALKED = "walked"  # each value was visited and read in place
LINES = "ndjson"  # written as a line of JSON
STAMPED = "stamped"  # the time was written down; of Sherd alone
BYTES = "bytes"  # a floor: no events at all


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    library: str
    format: str
    compression: str
    does: str
    variant: str = ""  # which inflater, where there is a choice

    @property
    def name(self):
        return self.library + (f" ({self.variant})" if self.variant else "")

    @property
    def stream(self):
        return f"{self.format}-{self.compression}"

    def __str__(self):
        return f"{self.name} {self.stream} {self.does}"


@dataclass
class Library:
    language: str
    part: str  # of what bench/peers/install fetches; "": built with Sherd
    ways: list  # of format, compression, what it does and perhaps a variant
    has_shards: bool = True  # it starts a hundred at once
    has_tls: bool = False
    floor: str = "bench_floors"  # the program, where it is one


def ways(formats, compressions, does, variant=""):
    return [(f, c, does, variant) for f in formats for c in compressions]


# With TLS: how much a record has. What writes each message at once, as Discord does, makes small ones.
LARGE = "16 kB records"
SMALL = "a record a message"

ALL = ["none", "zlib-stream", "zstd-stream"]
NO_ZSTD = ALL[:2]
JSON = ["json"]
BOTH = ["json", "etf"]



def tls_floor(name):
    return Library("C", "", ways(JSON, NO_ZSTD, BYTES, name), has_tls=True, floor="bench_floors_tls")


LIBRARIES = {
    "touching the bytes": Library("C", "", ways(JSON, ["none"], BYTES, "touch")),
    "memcpy": Library("C", "", ways(JSON, ["none"], BYTES, "memcpy")),
    "zlib alone": Library("C", "", ways(JSON, ["zlib-stream"], BYTES, "zlib")),
    "Sherd's inflater alone": Library("C", "", ways(JSON, ["zlib-stream", "zstd-stream"], BYTES, "native")),
    "libdeflate, whole stream": Library("C", "", ways(JSON, ["zlib-stream"], BYTES, "libdeflate")),
    "libzstd alone": Library("C", "", ways(JSON, ["zstd-stream"], BYTES, "libzstd")),
    "AES-GCM alone": tls_floor("gcm"),
    "AES-GCM alone, a record a message": tls_floor("gcm-small"),
    "OpenSSL alone": tls_floor("openssl"),
    "OpenSSL alone, a record a message": tls_floor("openssl-small"),
    "Sherd": Library(
        "C",
        "",
        ways(BOTH, ALL, RAW)
        + ways(JSON, ["zlib-stream"], RAW, "zlib")
        + ways(BOTH, NO_ZSTD, WALKED)
        + ways(JSON, NO_ZSTD, LINES),
    ),
    "Sherd with TLS": Library("C", "", ways(JSON, ALL, RAW, LARGE) + ways(JSON, ALL, RAW, SMALL), has_tls=True),
    "twilight-gateway": Library("Rust", "cargo", ways(JSON, ALL, RAW) + ways(JSON, NO_ZSTD, OBJECTS)),
    "@discordjs/ws": Library(
        "JavaScript",
        "npm",
        ways(JSON, ["none"], DECODED)
        + ways(JSON, ["zlib-stream"], DECODED, "zlib-sync")
        + ways(JSON, ["zlib-stream"], DECODED, "native"),
    ),
    "cloudstorm": Library("JavaScript", "npm", ways(BOTH, NO_ZSTD, DECODED)),
    "discordeno": Library("JavaScript", "npm", ways(JSON, ALL, DECODED)),
    "oceanic.js": Library(
        "JavaScript", "npm", ways(JSON, ALL, OBJECTS) + ways(["etf"], ["zlib-stream"], OBJECTS)
    ),
    "Eris": Library("JavaScript", "npm", ways(BOTH, NO_ZSTD, OBJECTS)),
    "hikari": Library(
        "Python", "pypi", ways(JSON, ALL, DECODED) + ways(JSON, ["zlib-stream"], OBJECTS)
    ),
    "discord.py": Library(
        "Python", "pypi", ways(JSON, ALL[1:], OBJECTS), has_shards=False
    ),
    "discordgo": Library("Go", "go", ways(JSON, ["none"], OBJECTS)),
    "JDA": Library("Java", "maven", ways(JSON, NO_ZSTD, OBJECTS) + ways(["etf"], ["zlib-stream"], OBJECTS)),
}

# What was looked at and is not here.
LEFT_OUT = {
    "D++": "could not be installed: it is in none of the registries, only on GitHub; and its hosts and TLS are fixed",
    "discordgo, zlib-stream": "it has no transport compression",
    "discord.py, idle shards": "it waits 5 s before each",
}

ROWS = [Row(name, *way[:3], way[3]) for name, it in LIBRARIES.items() for way in it.ways]

SCRIPTS = {
    "@discordjs/ws": "discordjs-ws.js",
    "cloudstorm": "cloudstorm.js",
    "discordeno": "discordeno.js",
    "oceanic.js": "oceanic.js",
    "Eris": "eris.js",
    "hikari": "hikari_peer.py",
    "discord.py": "discord_py.py",
}
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def command(row, built, installed):
    """What starts its program, and the environment for it."""
    part = LIBRARIES[row.library].part
    env = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
    env["NODE_PATH"] = f"{installed / 'npm/node_modules'}:{installed / 'peers-npm/node_modules'}"
    env["PYTHONPATH"] = str(installed / "peers-python")
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["PEER_FORMAT"] = row.format
    env["PEER_COMPRESSION"] = row.compression
    env["PEER_DOES"] = row.does
    env["PEER_INFLATER"] = row.variant
    script = SCRIPTS.get(row.library)
    commands = {
        "": [built / "bench_sherd"],
        "npm": [installed / "npm/node", HERE / "js" / str(script)],
        # -OO is what hikari advises; it is no matter to discord.py.
        "pypi": ["python3", "-OO", HERE / "python" / str(script)],
        "go": [installed / "peers-discordgo"],
        "maven": ["java", "-cp", f"{installed / 'peers-jda'}:{installed / 'jda'}/*", "Peer"],
        "cargo": [installed / f"peers-twilight-{row.compression}"],
    }
    return commands[part], env


def client(row, options):
    """The same of a comparison's options."""
    return command(row, options.built, options.installed)


def sender_options(row, streams):
    if not LIBRARIES[row.library].has_tls:
        return []
    return ["--tls", streams / "tls", *(["--small-records"] if row.variant == SMALL else [])]


# --- Versions ---


def said(*words):
    if not shutil.which(words[0]):
        return ""
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def found(path, pattern):
    match = re.search(pattern, path.read_text()) if path.is_file() else None
    return match.group(1) if match else ""


def node_version(name, installed):
    for folder in ("npm", "peers-npm"):
        file = installed / folder / "node_modules" / name / "package.json"
        if file.is_file():
            return json.loads(file.read_text())["version"]
    return ""


def version(library, installed):
    part = LIBRARIES[library].part
    libraries = {
        "zlib alone": "zlib",
        "libdeflate, whole stream": "libdeflate",
        "libzstd alone": "libzstd",
    }
    if library in libraries:
        return said("pkg-config", "--modversion", libraries[library])
    if LIBRARIES[library].floor == "bench_floors_tls":
        return said("pkg-config", "--modversion", "openssl")
    if library in ("Sherd", "Sherd with TLS", "Sherd's inflater alone"):
        return found(HERE.parent.parent / "meson.build", r"version: '([^']+)'")
    if part == "npm":
        package = {"discordeno": "@discordeno/gateway"}.get(library, library.lower())
        return node_version(package, installed)
    if part == "pypi":
        return found(HERE / "python/requirements.txt", re.escape(library) + r"(?:\[.*\])?==(\S+)")
    if part == "go":
        return found(CLIENTS / "go/go.mod", r"discordgo v(\S+)")
    if part == "maven":
        return found(CLIENTS / "jda/pom.xml", r"<artifactId>JDA</artifactId>\s*<version>([^<]+)")
    if part == "cargo":
        return found(HERE / "twilight/Cargo.toml", r'twilight-gateway = { version = "=([^"]+)"')
    return ""


def runtimes(installed):
    """Which compiler and which languages' machines the numbers are of."""
    java = shutil.which("java") and subprocess.run(["java", "-version"], capture_output=True, text=True)
    found_ones = {
        "gcc": said("gcc", "-dumpfullversion"),
        "node": said(str(installed / "npm/node"), "--version").lstrip("v"),
        "Python": said("python3", "-c", "import platform; print(platform.python_version())"),
        "Go": said("go", "env", "GOVERSION").removeprefix("go"),
        "Java": "".join(re.findall(r'version "([^"]+)"', java.stderr if java else "")),
        "Rust": said("rustc", "--version").split(" ")[1:2],
    }
    return {name: it[0] if isinstance(it, list) and it else it for name, it in found_ones.items() if it}
