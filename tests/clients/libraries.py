"""Which libraries of other people's there are, what each has, and how its driver is started."""

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


def json_over(*compressions):
    return [("json", compression) for compression in compressions]


def both_over(*compressions):
    return json_over(*compressions) + [("etf", compression) for compression in compressions]


@dataclass
class Library:
    part: str  # of what tests/clients/install fetches
    ways: list  # of encodings and compressions
    # With these it inflates aside: see comparison.by_connection().
    aside: tuple = ()
    # With these it inflates each message in a thread of its own, and what is done first comes first.
    without_order: tuple = ()
    wants_tls: bool = False
    # It resumes at the first address, not at the resume_gateway_url.
    resumes_elsewhere: bool = False


LIBRARIES = {
    "discordjs-ws": Library(
        "npm",
        json_over("none", "payload", "native", "zlib-sync"),
        aside=("payload", "native"),
        without_order=("payload",),
    ),
    "discordjs": Library("npm", json_over("none", "zlib-stream"), aside=("zlib-stream",)),
    "oceanic": Library(
        "npm",
        both_over("none", "native", "zlib-sync", "zstd-stream"),
        aside=("native", "zstd-stream"),
    ),
    "eris": Library("npm", both_over("none", "zlib-stream"), wants_tls=True),
    "discord_py": Library("debian", json_over("zlib-stream")),
    "hikari_py": Library("pypi", json_over("none", "payload", "zlib-stream", "zstd-stream")),
    "discordgo": Library("go", json_over("none", "payload"), resumes_elsewhere=True),
    "jda": Library("maven", both_over("none", "zlib-stream")),
    "twilight": Library("cargo", json_over("none", "zlib-stream", "zstd-stream")),
    "close-codes": Library("npm", []),  # @discordjs/ws again, with bad manners
}

PROXIES = ("http_proxy", "https_proxy")
PYTHON_PATHS = {"debian": "debian/usr/lib/python3/dist-packages", "pypi": "pypi"}


def command(name, way, installed):
    """What starts its driver, and the environment for it."""
    part = LIBRARIES[name].part
    env = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
    env["NODE_PATH"] = str(installed / "npm/node_modules")
    env["PYTHONPATH"] = str(installed / PYTHON_PATHS.get(part, "."))
    commands = {
        "npm": [installed / "npm/node", HERE / f"{name}.js"],
        "debian": ["/usr/bin/python3", HERE / f"{name}.py"],  # Debian's own for Debian's own
        "pypi": ["python3", HERE / f"{name}.py"],
        "go": [installed / name],
        "maven": ["java", "-cp", f"{installed / name}:{installed / name}/*", "Driver"],
        "cargo": [installed / f"{name}-{way[1]}"],
    }
    return commands[part], env
