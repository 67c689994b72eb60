"""The gateway's close codes, as the simulator has them, and what it has to be told for some."""

import re

from libraries import HERE

TABLE = (HERE.parents[1] / "src/sim/close_codes.h").read_text(encoding="utf-8")
TEXTS = {int(code): text for code, text in re.findall(r'X\(\w+, (\d{4}), "(.+)"\)', TABLE)}

# close-codes.js does the rest.
OPTIONS = {
    4009: ["--session-age", "1"],
    4011: ["--guilds", "2501"],
    4014: ["--no-privileged-intents"],
}
