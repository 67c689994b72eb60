// @discordjs/ws: JSON; none, compressed payloads, zlib-stream by node's zlib or by zlib-sync.
"use strict";
const report = require("./report.js");
const { REST } = require("@discordjs/rest");
const { CompressionMethod, WebSocketManager, WebSocketShardEvents } = require("@discordjs/ws");

const ways = { native: CompressionMethod.ZlibNative, "zlib-sync": CompressionMethod.ZlibSync };
const rest = new REST({ api: report.api.replace(/\/v10$/, ""), version: "10" });
rest.setToken(report.restToken);

const manager = new WebSocketManager({
  token: report.token,
  intents: 0x331ffff,
  shardCount: report.shards,
  rest,
  compression: ways[report.compression] ?? null,
  useIdentifyCompression: report.compression === "payload",
});
manager.on(WebSocketShardEvents.Dispatch, (payload, shard) => report.dispatch(shard, payload));
manager.on(WebSocketShardEvents.SocketError, report.complaint);
manager.on(WebSocketShardEvents.Error, report.refused); // a close that it does not come back from
manager.connect().catch(report.refused);
