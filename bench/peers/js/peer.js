// What each peer in JavaScript has in common: where it is to go, and the count.
"use strict";
const wanted = Number(process.env.PEER_EVENTS);
let seen = 0;

exports.api = process.env.PEER_API; // http://127.0.0.1:4000/api/v10
exports.gateway = process.env.PEER_GATEWAY; // ws://127.0.0.1:4000
exports.token = process.env.PEER_TOKEN;
exports.format = process.env.PEER_FORMAT;
exports.compression = process.env.PEER_COMPRESSION;
exports.shards = Number(process.env.PEER_SHARDS);
exports.intents = 0x331ffff; // all
exports.gatewayInfo = {
  url: exports.gateway,
  shards: exports.shards,
  session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: exports.shards },
};

// Counts a dispatch.
exports.count = () => {
  if (++seen === wanted) process.stdout.write(`{"events":${seen}}\n`);
};
exports.countDispatch = (payload) => payload.op === 0 && exports.count();

process.on("unhandledRejection", (error) => {
  console.error(error);
  process.exit(1);
});
