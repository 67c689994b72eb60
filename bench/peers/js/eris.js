// Eris: JSON and ETF; none or zlib-stream by zlib-sync. It speaks HTTPS alone to the API, so it is told
// what GET /gateway/bot would say.
"use strict";
const { hide } = require("./hide.js");
const peer = require("./peer.js");
if (peer.format === "json") hide("erlpack");
const Eris = require("eris");

const client = new Eris.Client(`Bot ${peer.token}`, {
  intents: peer.intents,
  compress: peer.compression !== "none",
  maxShards: peer.shards,
});
client.getBotGateway = async () => peer.gatewayInfo;
client.on("rawWS", peer.countDispatch);
client.on("error", console.error);
client.connect();
