"""discord.py: JSON; zlib-stream, zstd-stream. It decodes always.

Its client keeps what it is told of (guilds, channels) and has no way not to; messages and members are
not kept here. It takes zstd-stream whenever zstandard is installed, which it advises.
"""

import os
import sys

if os.environ["PEER_COMPRESSION"] == "zlib-stream":
    sys.modules["zstandard"] = None  # as if it were not installed

import discord  # noqa: E402
import uvloop  # noqa: E402
import yarl  # noqa: E402
from discord.gateway import DiscordWebSocket  # noqa: E402

from peer import Count  # noqa: E402

count = Count()


class Client(discord.AutoShardedClient):
    # It dispatches this for each event before all others.
    def dispatch(self, event, /, *positional, **named):
        if event == "socket_event_type":
            count()
        super().dispatch(event, *positional, **named)


def main():
    discord.VoiceClient.warn_nacl = False
    discord.http.Route.BASE = os.environ["PEER_API"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["PEER_GATEWAY"])
    client = Client(
        shard_count=int(os.environ["PEER_SHARDS"]),
        intents=discord.Intents.all(),
        chunk_guilds_at_startup=False,
        member_cache_flags=discord.MemberCacheFlags.none(),
        max_messages=None,
    )
    uvloop.install()
    client.run(os.environ["PEER_TOKEN"], log_handler=None)


main()
