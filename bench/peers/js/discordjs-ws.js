// @discordjs/ws: JSON; none, zlib-stream by zlib-sync or by node's zlib.
"use strict";
const peer = require("./peer.js");
const { REST } = require("@discordjs/rest");
const { CompressionMethod, WebSocketManager, WebSocketShardEvents } = require("@discordjs/ws");

const ways = { "zlib-sync": CompressionMethod.ZlibSync, native: CompressionMethod.ZlibNative };
const manager = new WebSocketManager({
  token: peer.token,
  intents: peer.intents,
  shardCount: peer.shards,
  rest: new REST({ api: peer.api.replace(/\/v10$/, ""), version: "10" }).setToken(peer.token),
  compression: peer.compression === "none" ? null : ways[process.env.PEER_INFLATER],
});
manager.on(WebSocketShardEvents.Dispatch, peer.count);
manager.connect();
