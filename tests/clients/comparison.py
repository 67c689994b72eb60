"""What a client told, held against the simulator's ledger. Both are lists of number and name."""

from collections import Counter


def differences(what, sent, received):
    """In their order, and then by name."""
    if sent == received:
        return []
    at = next((i for i, pair in enumerate(zip(sent, received)) if pair[0] != pair[1]), None)
    at = min(len(sent), len(received)) if at is None else at
    counts = Counter(name for _, name in sent)
    counts.subtract(name for _, name in received)
    first = f"{what}: sent {sent[at:at + 1]}, received {received[at:at + 1]}"
    return [first] + [f"{what}: {n:+} {name}" for name, n in counts.items() if n]


def in_order(driver, ledger):
    """Everything that was sent came once, one after the other."""
    problems = []
    for shard in sorted(set(ledger) | set(driver.dispatches)):
        received = driver.dispatches.get(shard, [])
        problems += differences(f"shard {shard}", ledger.get(shard, []), received)
    return problems


def by_connection(driver, ledger, has_order):
    """For a library that inflates aside. It goes on with what came through a connection that is gone
    beside what the next one brings, and its RESUME names the last number that it was done with by
    then: what waited comes twice. That is its own doing, and the same against Discord. What the
    simulator owes it all the same is checked to the number: the first connection brought the session
    from its beginning, the second brought all that follows the number which RESUME named, and
    nothing is missing between the two."""
    problems = []
    for shard in sorted(set(ledger) | set(driver.connections)):
        sent, connections = ledger.get(shard, []), driver.connections.get(shard, {})
        if len(connections) != 2:
            problems.append(f"shard {shard}: {len(connections)} connections instead of 2")
            continue
        first, second = connections.values()
        if not has_order:
            first, second = sorted(first), sorted(second)
        resumed = driver.resumes.get(list(connections)[1])
        if resumed is None or resumed > len(first):
            problems.append(f"shard {shard}: RESUME named {resumed} after {len(first)} had come")
            continue
        problems += differences(f"shard {shard}, first connection", sent[: len(first)], first)
        problems += differences(f"shard {shard}, after RESUME", sent[resumed:], second)
    return problems
