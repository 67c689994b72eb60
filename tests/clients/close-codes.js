// @discordjs/ws, brought to break each of the gateway's rules. Tells tests/clients/run one line of
// JSON for each close that it sees, with its code and its reason.
"use strict";
const report = require("./report.js");
const { REST } = require("@discordjs/rest");
const { WebSocketManager, WebSocketShardEvents } = require("@discordjs/ws");
const { WebSocket } = require("ws");

const rest = new REST({ api: report.api.replace(/\/v10$/, ""), version: "10" });
rest.setToken(report.restToken);

// Connects; gives the manager and what it keeps of its session once it has one.
async function connect(options = {}) {
  const session = {};
  const manager = new WebSocketManager({
    token: report.token,
    intents: 0,
    shardCount: 1,
    rest,
    updateSessionInfo: (_, it) => Object.assign(session, it),
    retrieveSessionInfo: () => (session.sessionId ? session : null),
    ...options,
  });
  manager.on(WebSocketShardEvents.Error, () => {}); // what it says of closes that it does not come back from
  await manager.connect();
  return { manager, session };
}

const send = async (payload, times = 1) => {
  const { manager } = await connect();
  for (let i = 0; i < times; i++) await manager.send(0, payload);
};

// Another one takes the session up where it is not, or where it is.
const resume = async (ahead) => {
  const { session } = await connect();
  const retrieveSessionInfo = () => ({ ...session, sequence: session.sequence + ahead });
  await connect({ retrieveSessionInfo, updateSessionInfo: () => {} });
};

// @discordjs/ws holds commands back until it is ready. Its socket does not.
const speakFirst = async () => {
  const socket = new WebSocket(`${report.gateway}/?v=10&encoding=json`);
  socket.on("message", () => socket.send(JSON.stringify({ op: 3, d: {} })));
};

const identify = { token: report.token, intents: 0, properties: { os: "", browser: "", device: "" } };

const ways = {
  4000: () => resume(0), // for the one whose session it was
  4001: () => send({ op: 42, d: null }),
  4002: () => send({ op: 3, d: "x".repeat(4096) }),
  4003: speakFirst,
  4004: () => connect({ token: "not the token" }),
  4005: () => send({ op: 2, d: identify }),
  4007: () => resume(1000),
  4008: () => send({ op: 1, d: null }, 121), // it counts all but heartbeats itself
  4009: connect, // and waits
  4010: () => connect({ shardIds: [1] }),
  4011: connect,
  4012: () => connect({ version: "5" }),
  4013: () => connect({ intents: 1 << 30 }),
  4014: () => connect({ intents: 1 << 1 }),
};

const way = ways[process.env.SIM_CODE];
if (way) way().catch(() => {});
else report.complaint("nothing here leads to this code");
