// discordeno's gateway: JSON; none, zlib-stream by node's zlib, zstd-stream by fzstd.
"use strict";
const peer = require("./peer.js");
const { createGatewayManager } = require("@discordeno/gateway");

const manager = createGatewayManager({
  token: peer.token,
  intents: peer.intents,
  url: peer.gateway,
  connection: {
    url: peer.gateway,
    shards: peer.shards,
    sessionStartLimit: { total: 1000, remaining: 1000, resetAfter: 0, maxConcurrency: peer.shards },
  },
  totalShards: peer.shards,
  transportCompression: peer.compression === "none" ? undefined : peer.compression,
  events: { message: (_, payload) => peer.countDispatch(payload) },
});
manager.spawnShards();
