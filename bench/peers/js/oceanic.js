// oceanic.js: JSON and ETF; none, zlib-stream by zlib-sync, zstd-stream by node's zstd.
"use strict";
const { hide } = require("./hide.js");
const peer = require("./peer.js");
if (peer.format === "json") hide("erlpack");
const { Client } = require("oceanic.js");

const ways = {
  none: {},
  "zlib-stream": { compress: "zlib-stream", compressLibrary: "zlib-sync" },
  "zstd-stream": { compress: "zstd-stream", compressLibrary: "native" },
};
const client = new Client({
  auth: `Bot ${peer.token}`,
  rest: { baseURL: peer.api },
  gateway: { intents: ["ALL"], maxShards: peer.shards, ...ways[peer.compression] },
});
client.on("packet", peer.countDispatch);
client.on("error", console.error);
client.connect();
