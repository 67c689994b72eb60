"""discord.py: JSON; zlib-stream, and none, for which it has no option.

Tells tests/clients/run one line of JSON for each dispatch, for each complaint and for its refusal.
"""

import json
import logging
import os
import signal
import sys

import discord
import yarl
from discord.gateway import DiscordWebSocket

API = os.environ["SIM_API"]
TOKEN = os.environ["SIM_TOKEN"]
REST_TOKEN = os.environ["SIM_REST_TOKEN"]
SHARDS = int(os.environ["SIM_SHARDS"])

# Said of each event that speaks of what the client was not told of: the world would be broken.
LOST = ("referencing an unknown", "Discarding")


def say(**it):
    print(json.dumps(it), flush=True)


class Complaints(logging.Handler):
    def emit(self, record):
        text = record.getMessage()
        is_lost = any(words in text for words in LOST) and "WebSocket Event" not in text
        if record.levelno >= logging.WARNING or is_lost:
            say(complaint=f"{record.name}: {self.format(record)}")


def without_compression():
    from_client = DiscordWebSocket.from_client.__func__

    async def plain(cls, client, **options):
        return await from_client(cls, client, zlib=False, **options)

    DiscordWebSocket.from_client = classmethod(plain)


class Bot(discord.AutoShardedClient):
    async def setup_hook(self):
        self.http.token = TOKEN

    async def on_error(self, event, *_args):
        say(complaint=f"{event}: {sys.exc_info()[1]!r}")


def tell_dispatch(websocket, message):
    payload = json.loads(message)
    if payload["op"] == 0:
        say(shard=websocket.shard_id, s=payload["s"], t=payload["t"])



def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    logging.getLogger("discord").setLevel(logging.DEBUG)
    logging.getLogger("discord").addHandler(Complaints())
    logging.getLogger("asyncio").addHandler(Complaints())
    discord.VoiceClient.warn_nacl = False  # that voice is not there is no matter here
    discord.http.Route.BASE = API
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["SIM_GATEWAY"])
    DiscordWebSocket.debug_log_receive = tell_dispatch
    if os.environ["SIM_COMPRESSION"] == "none":
        without_compression()
    bot = Bot(
        shard_count=SHARDS,
        intents=discord.Intents.all(),
        enable_debug_events=True,
        chunk_guilds_at_startup=False,
    )
    try:
        bot.run(REST_TOKEN, log_handler=None)
    except (discord.LoginFailure, discord.ConnectionClosed) as error:
        say(refused=str(error))


main()
