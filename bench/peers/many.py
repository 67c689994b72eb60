"""Many shards in one process: what an event costs when they are busy, and what they cost when idle."""

import statistics
from collections import defaultdict

from peers import RAW, Row, client
from tables import lines_of, shown

SHARDS = (1, 10, 100, 1000)
RATE = 20000  # events in a second, to all of them together
RUNS = 3
INTERVAL_MS = 41250  # Discord's


class Busy:
    """The same events, dealt out to more and more shards."""

    name = "busy shards"
    title = "Busy shards"

    def __init__(self, is_quick):
        events = 20000 if is_quick else 200000
        self.runs = 1 if is_quick else RUNS
        self.ways = {
            "as fast as they read": ["--events", events],
            "the same on two threads": ["--events", events, "--threads", 2],
            f"{RATE:,} a second": ["--events", events // 2, "--rate", RATE],
        }
        self.costs = defaultdict(list)  # by way and shards: CPU s for a million events
        self.failure = ""

    def measure(self, bench):
        row = Row("Sherd", "json", "zlib-stream", RAW)
        for _ in range(self.runs):
            for way, options in self.ways.items():
                for shards in SHARDS:
                    it = bench.deal(row, ["--shards", shards, *options])
                    cost = it["cpu_s"] / it["events"] * 1e6
                    self.costs[way, shards].append(cost)
                    bench.say(f"  {shards} shards, {way}: {cost:.2f}")

    def median(self, way, shards):
        costs = self.costs.get((way, shards))
        return statistics.median(costs) if costs else None

    def growth(self, way):
        one, most = self.median(way, 1), self.median(way, SHARDS[-1])
        return most / one if one and most else None

    def text(self):
        rows = [[f"{shards:,}", *(shown(self.median(way, shards), ".2f") for way in self.ways)] for shards in SHARDS]
        return "CPU s / million.\n\n" + lines_of(["shards:", *(f"{way}:" for way in self.ways)], rows)

    def targets(self):
        for way in self.ways:
            what = f"an event with {SHARDS[-1]:,} busy shards, {way}, of one's cost"
            yield what, "at most", 1.1, self.growth(way)


class Idle:
    """Whether shards for which nothing happens beat on time, and what that costs."""

    name = "idle shards"
    title = "Idle shards' heartbeats"

    def __init__(self, is_quick):
        self.shards, self.interval_ms, self.seconds = (1000, 2500, 5) if is_quick else (10000, INTERVAL_MS, 60)
        self.results = {}
        self.failure = ""

    def measure(self, bench):
        for compression in ("none", "zlib-stream"):
            row = Row("Sherd", "json", compression, RAW)
            words, env = client(row, bench.options)
            it = bench.run(
                [bench.options.built / "bench_beats", bench.options.streams / "idle/json-none", compression]
                + [self.shards, self.interval_ms, self.seconds, *words],
                env,
            )
            self.results[compression] = it
            bench.say(f"  {self.shards} idle shards, {compression}: {it['cpu_percent']:.2f} % of a core")

    def text(self):
        head = ["shards:", "compression", "every s:", "for s:", "heartbeats due:", "sent:"]
        head += ["99% late, ms:", "latest, ms:", "% of a core:", "MB:"]
        rows = [
            [f"{it['shards']:,}", compression, f"{self.interval_ms / 1000:g}", self.seconds]
            + [f"{it['expected']:,}", f"{it['sent']:,}", f"{it['late_p99_ms']:.1f}", f"{it['late_ms']:.1f}"]
            + [f"{it['cpu_percent']:.2f}", f"{it['rss_kb'] / 1000:.0f}"]
            for compression, it in self.results.items()
        ]
        return lines_of(head, rows)

    def targets(self):
        it = self.results.get("zlib-stream")
        idle = f"{self.shards:,} idle shards with zlib-stream"
        yield f"{idle}, % of a core", "at most", 5, it and it["cpu_percent"]
        yield f"{idle}, heartbeats sent, of those due", "at least", 1, it and it["sent"] / it["expected"]
        yield f"{idle}, latest heartbeat, ms", "at most", 1000, it and it["late_ms"]
