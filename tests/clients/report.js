// What each driver in JavaScript tells tests/clients/run: one line of JSON for each dispatch, for
// each complaint of the library, and for its refusal to go on.
"use strict";
const { AsyncLocalStorage } = require("node:async_hooks");
const Module = require("node:module");
const { WebSocket } = require("ws"); // the one that all of them use

const say = (it) => process.stdout.write(JSON.stringify(it) + "\n");
const text = (it) => (it instanceof Error ? it.stack : String(it));

// Some inflate aside, and then go on with what the next connection brings before they are done with
// what the last one brought. So it is told which one a dispatch came through: whatever a message
// leads to, at once or later, happens in its connection's context.
const origin = new AsyncLocalStorage();
const numbers = new WeakMap(); // of connections
const number = (socket) => numbers.get(socket) ?? (numbers.set(socket, ++connections), connections);
let connections = 0;

const emit = WebSocket.prototype.emit;
WebSocket.prototype.emit = function (name, ...parts) {
  if (name === "close") say({ closed: parts[0], reason: String(parts[1]) });
  return origin.run(number(this), () => emit.call(this, name, ...parts));
};

// And which number each RESUME names: the simulator's replay begins after it.
const decode = (data) => (typeof data === "string" ? JSON.parse(data) : require("erlpack").unpack(data));
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data, ...parts) {
  const { op, d } = decode(data);
  if (op === 6) say({ resume: d.seq, connection: number(this) });
  return send.call(this, data, ...parts);
};

exports.dispatch = (shard, { s, t }) => say({ shard, s, t, connection: origin.getStore() });
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
exports.gateway = process.env.SIM_GATEWAY; // ws://127.0.0.1:4000
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

console.warn = console.error = exports.complaint;
process.on("warning", exports.complaint);
process.on("uncaughtException", exports.complaint);
process.on("unhandledRejection", exports.complaint);
process.on("SIGTERM", () => process.exit(0));
