// Reads records of JSON on stdin and prints what JSON.parse makes of each, as driver.c does, but as
// JavaScript sees it: every number is a double, of equal keys the last one stays, and keys have no
// order, so that they come sorted.
'use strict';

function bits(number) {
  if (!Number.isFinite(number)) return 'dinf';
  const view = Buffer.alloc(8);
  view.writeDoubleBE(number);
  return 'd' + view.toString('hex');
}

function text(string) {
  return 's' + Buffer.from(string, 'utf8').toString('hex');
}

function value(any) {
  if (any === null) return 'n';
  if (any === true) return 't';
  if (any === false) return 'f';
  if (typeof any === 'number') return bits(any);
  if (typeof any === 'string') return text(any);
  if (Array.isArray(any)) return '[' + any.map(value).join(',') + ']';
  const pairs = Object.keys(any).map((key) => text(key) + ':' + value(any[key]));
  return '{' + pairs.sort().join(',') + '}';
}

const input = require('fs').readFileSync(0);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lines = [];
for (let at = 0; at < input.length; ) {
  const length = input.readUInt32BE(at);
  const record = input.subarray(at + 4, at + 4 + length);
  at += 4 + length;
  let parsed;
  try {
    parsed = JSON.parse(decoder.decode(record));
  } catch {
    lines.push('reject');
    continue;
  }
  lines.push('ok ' + value(parsed));
}
require('fs').writeSync(1, lines.join('\n') + '\n');
