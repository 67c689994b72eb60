"""discord.py: JSON; zlib-stream.

Tells tests/clients/run one line of JSON for each dispatch, for each complaint and for its refusal.
"""

import json
import logging
import os
import re
import signal
import sys

import discord
import yarl
from discord.gateway import DiscordWebSocket

from tell import Complaints, say

API = os.environ["SIM_API"]
TOKEN = os.environ["SIM_TOKEN"]
REST_TOKEN = os.environ["SIM_REST_TOKEN"]
SHARDS = int(os.environ["SIM_SHARDS"])

# Said of each event that speaks of what the client was not told of: the world would be broken. Of
# members it is not told all.
LOST = re.compile("referencing an unknown (?!member)")


class Doubts(Complaints):
    def is_complaint(self, record):
        text = record.getMessage()
        is_lost = LOST.search(text) and "WebSocket Event" not in text
        return is_lost or super().is_complaint(record)


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
    logging.getLogger("discord").addHandler(Doubts())
    logging.getLogger("asyncio").addHandler(Complaints())
    discord.VoiceClient.warn_nacl = False  # that voice is not there is no matter here
    discord.http.Route.BASE = API
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["SIM_GATEWAY"])
    DiscordWebSocket.debug_log_receive = tell_dispatch
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
