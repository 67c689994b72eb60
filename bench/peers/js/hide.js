// Makes `require` of these say that they are not installed: libraries take what they find, also where
// another format is to be measured.
"use strict";
const Module = require("node:module");

exports.hide = (...names) => {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, ...rest) {
    if (!names.includes(request)) return resolve.call(this, request, ...rest);
    throw Object.assign(new Error(`Cannot find module '${request}'`), { code: "MODULE_NOT_FOUND" });
  };
};
