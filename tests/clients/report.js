// What each driver in JavaScript tells tests/clients/run: one line of JSON for each dispatch, for
// each complaint of the library, and for its refusal to go on.
"use strict";
const Module = require("node:module");

const say = (it) => process.stdout.write(JSON.stringify(it) + "\n");
const text = (it) => (it instanceof Error ? it.stack : String(it));

exports.dispatch = (shard, { s, t }) => say({ shard, s, t });
exports.complaint = (...parts) => say({ complaint: parts.map(text).join(" ") });
exports.refused = (error) => say({ refused: error instanceof Error ? error.message : String(error) });

// For the libraries that call everything an error: a connection that was cut (1006) is none here,
// and a wrong token is what was asked for.
exports.failure = (it, where) => {
  if (it?.code === 1006) return;
  if (/invalid token/i.test(String(it))) exports.refused(it);
  else exports.complaint(where, it);
};

// What the run wants.
exports.api = process.env.SIM_API; // http://127.0.0.1:4000/api/v10
exports.token = process.env.SIM_TOKEN; // on the gateway
exports.restToken = process.env.SIM_REST_TOKEN; // over HTTP
exports.encoding = process.env.SIM_ENCODING;
exports.compression = process.env.SIM_COMPRESSION;
exports.shards = Number(process.env.SIM_SHARDS);

// Makes `require` of these say that they are not installed: libraries take what they find.
exports.hide = (...names) => {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, ...rest) {
    if (names.includes(request)) {
      const error = new Error(`Cannot find module '${request}'`);
      error.code = "MODULE_NOT_FOUND";
      throw error;
    }
    return resolve.call(this, request, ...rest);
  };
};

// zlib-sync 0.1.10 crashes node 24 when an inflater of a connection that is gone is collected. So
// none is let go.
const zlib = require("zlib-sync");
const inflaters = [];
zlib.Inflate = new Proxy(zlib.Inflate, {
  construct(target, parameters, made) {
    inflaters.push(Reflect.construct(target, parameters, made));
    return inflaters.at(-1);
  },
});

console.warn = console.error = exports.complaint;
process.on("warning", exports.complaint);
process.on("uncaughtException", exports.complaint);
process.on("unhandledRejection", exports.complaint);
process.on("SIGTERM", () => process.exit(0));
