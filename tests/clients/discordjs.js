// discord.js: JSON; none or zlib-stream, as it passes on to @discordjs/ws.
"use strict";
const report = require("./report.js");
if (report.compression === "none") report.hide("zlib-sync"); // it takes it unasked
const { Client, CompressionMethod, GatewayIntentBits, Partials } = require("discord.js");

const client = new Client({
  intents: Object.values(GatewayIntentBits).filter(Number.isInteger),
  partials: Object.values(Partials).filter(Number.isInteger),
  shardCount: report.shards,
  rest: { api: report.api.replace(/\/v10$/, ""), version: "10" },
  ws: { compression: report.compression === "none" ? null : CompressionMethod.ZlibNative },
});
// login() gives the same token to both; a wrong one shall get to the gateway.
client.rest.setToken(report.restToken);
client.rest.setToken = () => client.rest;

client.on("raw", (payload, shard) => report.dispatch(shard, payload));
for (const name of ["warn", "error", "shardError", "invalidated"])
  client.on(name, (...parts) => report.complaint(name, ...parts));
client.on("shardDisconnect", (event) => report.refused(`closed with ${event.code}`));
client.login(report.token).catch(report.refused);
