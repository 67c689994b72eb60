// oceanic.js: JSON and ETF; none, zlib-stream by node's zlib or by zlib-sync, zstd-stream.
"use strict";
const report = require("./report.js");
if (report.encoding === "json") report.hide("erlpack");
const { Client } = require("oceanic.js");

const ways = {
  none: {},
  native: { compress: "zlib-stream", compressLibrary: "native" },
  "zlib-sync": { compress: "zlib-stream", compressLibrary: "zlib-sync" },
  "zstd-stream": { compress: "zstd-stream", compressLibrary: "native" },
};
const client = new Client({
  auth: `Bot ${report.restToken}`,
  rest: { baseURL: report.api },
  gateway: { intents: ["ALL"], maxShards: report.shards, ...ways[report.compression] },
});
client.on("packet", (payload, shard) => payload.op === 0 && report.dispatch(shard, payload));
for (const name of ["warn", "error"])
  client.on(name, (it, shard) => report.failure(it, `${name} of shard ${shard}:`));
client.once("connect", () => (client.options.auth = `Bot ${report.token}`));
client.connect().catch((error) => report.refused(error.cause ?? error));
