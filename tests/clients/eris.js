// Eris: JSON and ETF; none or zlib-stream. It speaks HTTPS alone to the API, so the simulator has a
// certificate here, which NODE_EXTRA_CA_CERTS makes trusted.
"use strict";
const https = require("node:https");
const report = require("./report.js");
if (report.encoding === "json") report.hide("erlpack");
const Eris = require("eris");

const api = new URL(report.api);
const agent = new https.Agent({ keepAlive: false });
agent.defaultPort = Number(api.port); // it has no option for the port

const client = new Eris.Client(`Bot ${report.restToken}`, {
  intents: 0x331ffff,
  compress: report.compression !== "none",
  maxShards: report.shards,
  rest: { domain: api.hostname, baseURL: api.pathname, agent },
});
// Its first call. It asks again and again, without a word, when the API refuses the token.
const getBotGateway = client.getBotGateway;
client.getBotGateway = async function () {
  const data = await getBotGateway.call(this).catch((error) => {
    report.refused(error);
    throw error;
  });
  this._token = `Bot ${report.token}`;
  return data;
};
client.on("rawWS", (payload, shard) => payload.op === 0 && report.dispatch(shard, payload));
for (const name of ["warn", "error"])
  client.on(name, (it, shard) => report.failure(it, `${name} of shard ${shard}:`));
client.connect();
