"""hikari: JSON; none, compressed payloads, zlib-stream and zstd-stream.

Tells tests/clients/run one line of JSON for each dispatch, for each complaint and for its refusal.
"""

import asyncio
import logging
import os
import signal

import hikari
from hikari.api.shard import GatewayCompression
from hikari.impl import shard as hikari_shard

from tell import Complaints, say

WAYS = {
    "none": None,
    "payload": GatewayCompression.PAYLOAD_ZLIB_STREAM,
    "zlib-stream": GatewayCompression.TRANSPORT_ZLIB_STREAM,
    "zstd-stream": GatewayCompression.TRANSPORT_ZSTD_STREAM,
}


class Doubts(Complaints):
    def is_complaint(self, record):
        # It warns of the cut, and until RESUMED has come it cannot say its own id, which it asks
        # itself for at some events of the replay.
        is_cut = "Socket has closed" in record.getMessage()
        is_replay = record.exc_info and record.exc_info[0] is hikari.ComponentStateConflictError
        return not is_cut and not is_replay and super().is_complaint(record)


def choose_compression(name):
    """GatewayBot has no option for it; a shard has."""
    make = hikari_shard.GatewayShardImpl.__init__

    def make_with(self, *positional, **options):
        options["compression"] = WAYS[name]
        make(self, *positional, **options)

    hikari_shard.GatewayShardImpl.__init__ = make_with


def tell_dispatches(manager):
    consume = manager.consume_raw_event

    def consume_and_tell(name, shard, payload):
        say(shard=shard.id, s=shard._seq, t=name)
        consume(name, shard, payload)

    type(manager).consume_raw_event = staticmethod(consume_and_tell)


async def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    logging.getLogger().addHandler(Doubts())
    choose_compression(os.environ["SIM_COMPRESSION"])
    bot = hikari.GatewayBot(
        os.environ["SIM_REST_TOKEN"],
        banner=None,
        logs=None,
        suppress_optimization_warning=True,
        intents=hikari.Intents.ALL,
        auto_chunk_members=False,
        rest_url=os.environ["SIM_API"],
    )
    bot._token = os.environ["SIM_TOKEN"]
    tell_dispatches(bot.event_manager)
    try:
        await bot.start(shard_count=int(os.environ["SIM_SHARDS"]), check_for_updates=False)
        await bot.join()
    except hikari.HikariError as error:
        say(refused=str(error))


asyncio.run(main())
