"""hikari: JSON; none, zlib-stream, zstd-stream; a bot without a cache.

`decoded`: nobody listens, so it makes nothing of an event but its payload; `objects`: somebody listens to
all of them, so it makes an object of each.
"""

import asyncio
import os

import hikari
import uvloop
from hikari.api.shard import GatewayCompression
from hikari.impl import shard as hikari_shard

from peer import Count

WAYS = {
    "none": None,
    "zlib-stream": GatewayCompression.TRANSPORT_ZLIB_STREAM,
    "zstd-stream": GatewayCompression.TRANSPORT_ZSTD_STREAM,
}
MAKES_OBJECTS = os.environ["PEER_DOES"] == "objects"
count = Count()


def choose_compression(name):
    """GatewayBot has no option for it; a shard has."""
    make = hikari_shard.GatewayShardImpl.__init__

    def make_with(self, *positional, **options):
        options["compression"] = WAYS[name]
        make(self, *positional, **options)

    hikari_shard.GatewayShardImpl.__init__ = make_with


def count_events(manager):
    consume = manager.consume_raw_event

    def consume_and_count(name, shard, payload):
        try:
            consume(name, shard, payload)
        finally:  # it raises KeyError for what it does not know
            count()

    type(manager).consume_raw_event = staticmethod(consume_and_count)


async def on_event(_: hikari.Event) -> None:
    pass


async def main():
    choose_compression(os.environ["PEER_COMPRESSION"])
    bot = hikari.GatewayBot(
        os.environ["PEER_TOKEN"],
        banner=None,
        logs=None,
        suppress_optimization_warning=True,
        intents=hikari.Intents.ALL,
        auto_chunk_members=False,
        cache_settings=hikari.impl.CacheSettings(components=hikari.api.CacheComponents.NONE),
        rest_url=os.environ["PEER_API"],
    )
    count_events(bot.event_manager)
    if MAKES_OBJECTS:
        bot.subscribe(hikari.Event, on_event)
    await bot.start(shard_count=int(os.environ["PEER_SHARDS"]), check_for_updates=False)
    await bot.join()


uvloop.install()
asyncio.run(main())
