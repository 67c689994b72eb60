"""How long it is from a write to a socket until the client's callback has the event."""

from peers import RAW, STAMPED, Row, client
from tables import lines_of, shown

RATE = 1000  # events in a second


class Latency:
    name = "latency"
    title = "From the socket to the callback"

    def __init__(self, is_quick):
        self.seconds = 3 if is_quick else 20
        self.results = {}  # by what it is of
        self.failure = ""

    def measure(self, bench):
        options = ["--stamps", "--rate", RATE, "--events", RATE * self.seconds]
        # The system alone: a client that waits, reads, and does nothing.
        bare = Row("Sherd", "json", "none", RAW)
        self.take(bench, "epoll and recv alone, none", bench.deal(bare, options, [bench.options.built / "bench_bare"]))
        for compression in ("none", "zlib-stream"):
            row = Row("Sherd", "json", compression, STAMPED)
            self.take(bench, f"Sherd, {compression}", bench.deal(row, options))

    def take(self, bench, what, it):
        self.results[what] = it
        bench.say(f"  {what}: median {it['median_us']} µs, 99.9% {it['p999_us']} µs")

    def text(self):
        head = ["", *(f"{what}:" for what in self.results)]
        numbers = {"median": "median_us", "99%": "p99_us", "99.9%": "p999_us", "the longest": "max_us"}
        rows = [
            [f"{name}, µs", *(f"{it[key]:.0f}" for it in self.results.values())] for name, key in numbers.items()
        ]
        counts = {what: dict(map(tuple, it["histogram"])) for what, it in self.results.items()}
        limits = sorted({limit for it in counts.values() for limit in it})
        rows += [[f"under {limit:,} µs", *(shown(it.get(limit), ",") for it in counts.values())] for limit in limits]
        return f"{RATE:,} events a second for {self.seconds} s.\n\n" + lines_of(head, rows)

    def targets(self):
        for compression in ("none", "zlib-stream"):
            it = self.results.get(f"Sherd, {compression}")
            yield f"socket to callback, {compression}, median, µs", "at most", 30, it and it["median_us"]
            yield f"socket to callback, {compression}, 99.9%, µs", "at most", 500, it and it["p999_us"]
