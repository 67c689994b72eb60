// cloudstorm: JSON and ETF; none or zlib-stream. It has no option for the API's address, so it is
// told what GET /gateway/bot would say.
"use strict";
const peer = require("./peer.js");
const { Client } = require("cloudstorm");

const client = new Client(peer.token, {
  intents: peer.intents,
  shards: "auto",
  ws: { encoding: peer.format, compress: peer.compression !== "none" },
});
client.getGatewayBot = async () => peer.gatewayInfo;
client.on("event", peer.countDispatch);
client.connect();
