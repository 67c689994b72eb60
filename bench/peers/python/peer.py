"""What the peers in Python have in common: the count."""

import os


class Count:
    """Counts dispatches, and says so when it has seen all."""

    def __init__(self):
        self.wanted = int(os.environ["PEER_EVENTS"])
        self.seen = 0

    def __call__(self):
        self.seen += 1
        if self.seen == self.wanted:
            print(f'{{"events":{self.seen}}}', flush=True)
