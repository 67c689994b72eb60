"""What came of a comparison: tables in Markdown, and charts."""

import datetime
import statistics

import chart
from peers import BYTES, DECODED, LEFT_OUT, LIBRARIES, LINES, OBJECTS, RAW, ROWS, WALKED
from peers import LARGE, SMALL, Row, runtimes, version
from tables import lines_of, shown

BEGIN = "<!-- What follows is made by `make bench-peers`. -->"
END = "<!-- The end of what is made. -->"
CHARTS = {
    "zlib-stream": "One shard, JSON, zlib-stream",
    "none": "One shard, JSON, without compression",
    "zstd-stream": "One shard, JSON, zstd-stream",
}


class Numbers:
    """CPU seconds for a million events, and what follows from them."""

    def __init__(self, comparison):
        self.comparison = comparison

    def all(self, row):
        return [it["cpu_s"] / self.comparison.events * 1e6 for it in self.comparison.runs.get(row, [])]

    def median(self, row):
        numbers = self.all(row)
        return statistics.median(numbers) if numbers else None

    def spread(self, row):
        numbers = self.all(row)
        return (max(numbers) - min(numbers)) / statistics.median(numbers) if len(numbers) > 1 else None

    def peak_mb(self, row):
        return statistics.median(it["peak_kb"] for it in self.comparison.runs[row]) / 1000

    def idle_kb(self, row):
        return self.comparison.idle.get(row)

    def find(self, library, compression, does, form="json", variant=""):
        return self.median(Row(library, form, compression, does, variant))

    def ratio(self, row):
        """To Sherd, raw, in the same format and compression."""
        ours = self.find("Sherd", row.compression, RAW, row.format)
        return self.median(row) / ours if ours else None


# --- The tables ---


def main_table(numbers, rows, installed):
    head = ["library", "language", "version", "format", "compression", "does", "events:"]
    head += ["CPU s / million:", "spread:", "to Sherd:", "peak MB:"]
    lines = []
    for row in rows:
        if numbers.median(row) is None:
            continue
        lines.append(
            [row.name if row.does != BYTES else row.library, LIBRARIES[row.library].language]
            + [version(row.library, installed), row.format, row.compression, row.does]
            + [f"{numbers.comparison.runs[row][0]['events']:,}", f"{numbers.median(row):.2f}"]
            + [shown(numbers.spread(row), ".0%"), shown(numbers.ratio(row), ".2f"), f"{numbers.peak_mb(row):.0f}"]
        )
    return lines_of(head, lines)


def idle_table(numbers):
    rows = [
        [row.name, row.compression, f"{numbers.idle_kb(row):.0f}"]
        for row in numbers.comparison.idle
    ]
    return lines_of(["library", "compression", "kB a shard:"], rows)


def missing_table(comparison):
    rows = [[name, why] for name, why in LEFT_OUT.items()]
    rows += [[f"{row.name}, {row.format}, {row.compression}, {row.does}", why] for row, why in comparison.failures.items()]
    rows += [[f"{row.name}, idle shards", why] for row, why in comparison.idle_failures.items()]
    rows += [[part.title, part.failure] for part in comparison.parts if part.failure]
    return lines_of(["what", "why"], rows)


# --- The targets ---


def quotient(a, b):
    return a / b if a is not None and b else None


def walk_gb_s(numbers, form):
    raw, walked = (numbers.find("Sherd", "none", does, form) for does in (RAW, WALKED))
    if raw is None or walked is None:
        return None
    size = numbers.comparison.text_bytes[f"{form}-none"] / numbers.comparison.events
    return size / (walked - raw) / 1000


def walk_cost(numbers, form):
    raw, walked = (numbers.find("Sherd", "none", does, form) for does in (RAW, WALKED))
    return walked - raw if raw is not None and walked is not None else None


def cheapest_decoder(numbers):
    costs = [numbers.median(row) for row in ROWS if (row.stream, row.does in (DECODED, OBJECTS)) == ("json-none", True)]
    return min((cost for cost in costs if cost is not None), default=None)


def targets(numbers):
    """What is wanted, what was measured, and which of "at most" and "at least" it is."""
    raw = {c: numbers.find("Sherd", c, RAW) for c in CHARTS}
    zlib = numbers.find("zlib alone", "zlib-stream", BYTES, variant="zlib")
    native = numbers.find("Sherd's inflater alone", "zlib-stream", BYTES, variant="native")
    zstd = numbers.find("libzstd alone", "zstd-stream", BYTES, variant="libzstd")
    peers = [
        ("cloudstorm", 5, ("cloudstorm", "zlib-stream", DECODED), ""),
        ("@discordjs/ws with zlib-sync", 6, ("@discordjs/ws", "zlib-stream", DECODED), "zlib-sync"),
        ("hikari", 8, ("hikari", "zlib-stream", DECODED), ""),
    ]
    yield "our inflater alone, of zlib's CPU", "at most", 0.5, quotient(native, zlib)
    yield "raw over zlib-stream in all, of zlib's alone", "at most", 0.7, quotient(raw["zlib-stream"], zlib)
    yield "raw over zstd-stream in all, of libzstd's alone", "at most", 1.3, quotient(raw["zstd-stream"], zstd)
    for compression in CHARTS:
        theirs = numbers.find("twilight-gateway", compression, RAW)
        yield f"twilight-gateway, raw, {compression}, of ours", "at least", 1.5, quotient(theirs, raw[compression])
    for name, wanted, at, variant in peers:
        theirs = numbers.find(*at, variant=variant)
        yield f"{name}, zlib-stream, of ours", "at least", wanted, quotient(theirs, raw["zlib-stream"])
    yield "D++, zlib-stream, of ours", "at least", 17, None
    theirs = numbers.find("discordgo", "none", OBJECTS)
    yield "discordgo, without compression, of ours", "at least", 25, quotient(theirs, raw["none"])
    yield "the cheapest that decodes, without compression, of ours", "at least", 20, quotient(
        cheapest_decoder(numbers), raw["none"]
    )
    yield "a walk of all of the JSON view, GB/s", "at least", 1.5, walk_gb_s(numbers, "json")
    yield "the same of the ETF view, of the JSON's time an event", "at most", 1.0, quotient(
        walk_cost(numbers, "etf"), walk_cost(numbers, "json")
    )
    for records in (LARGE, SMALL):
        for compression in CHARTS:
            with_tls = numbers.find("Sherd with TLS", compression, RAW, variant=records)
            yield f"with TLS, {records}, {compression}, of without", "at most", 1.25, quotient(with_tls, raw[compression])
    idle = Row("Sherd", "json", "zlib-stream", RAW), Row("Sherd with TLS", "json", "zlib-stream", RAW, LARGE)
    yield "an idle shard with zlib-stream, kB", "at most", 48, numbers.idle_kb(idle[0])
    yield "an idle shard with zlib-stream and TLS, kB", "at most", 96, numbers.idle_kb(idle[1])
    for part in numbers.comparison.parts:
        yield from part.targets()


def targets_table(numbers):
    rows = []
    for what, which, wanted, measured in targets(numbers):
        holds = "not measured"
        if measured is not None:
            holds = "yes" if (measured <= wanted) == (which == "at most") or measured == wanted else "**no**"
        rows.append([what, f"{which} {wanted:g}", shown(measured, ".2f"), holds])
    return lines_of(["target", "wanted:", "measured:", "holds"], rows)


# --- All of it ---


def heading(comparison, cores):
    counts = [len(it) for it in comparison.runs.values()] or [0]
    size = comparison.text_bytes["json-none"] / comparison.events
    tools = ", ".join(f"{name} {it}" for name, it in runtimes(comparison.options.installed).items())
    runs = "one run" if max(counts) <= 1 else f"medians of {max(counts)} runs in turn"
    return (
        f"{datetime.date.today():%Y-%m-%d}, a machine of {cores} cores. {comparison.events:,} events of "
        f"{size:,.0f} bytes of JSON in the mean; {runs}.\n{tools}."
    )


def text(comparison, cores):
    numbers = Numbers(comparison)
    installed = comparison.options.installed
    parts = [heading(comparison, cores)]
    for title, rows in (
        ("Floors", [row for row in comparison.rows if row.does == BYTES]),
        ("Without compression", [row for row in comparison.rows if row.does != BYTES and row.compression == "none"]),
        ("zlib-stream", [row for row in comparison.rows if row.does != BYTES and row.compression == "zlib-stream"]),
        ("zstd-stream", [row for row in comparison.rows if row.does != BYTES and row.compression == "zstd-stream"]),
    ):
        if rows:
            parts += [f"### {title}", main_table(numbers, rows, installed)]
    if comparison.idle:
        parts += ["### An idle shard's memory", idle_table(numbers)]
    for part in comparison.parts:
        if not part.failure and (not comparison.options.only or part.name in comparison.options.only):
            parts += [f"### {part.title}", part.text()]
    parts += ["### Not measured", missing_table(comparison)]
    parts += ["### Targets", targets_table(numbers)]
    return "\n\n".join(parts)


def kind(row):
    return "floor" if row.does == BYTES else "ours" if row.library.startswith("Sherd") else "theirs"


def write_charts(numbers, folder):
    folder.mkdir(exist_ok=True)
    for compression, title in CHARTS.items():
        bars = [
            (row.library if row.does == BYTES else f"{row.name}, {row.does}", numbers.median(row), kind(row))
            for row in ROWS
            if row.stream == f"json-{compression}" and row.does != LINES and not LIBRARIES[row.library].has_tls and numbers.median(row) is not None
        ]
        if bars:
            (folder / f"{compression}.svg").write_text(chart.draw(title, bars))


def write(comparison, docs, cores):
    page = docs / "benchmarks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text(comparison, cores)}\n\n{END}{after}")
    write_charts(Numbers(comparison), docs / "benchmarks")
