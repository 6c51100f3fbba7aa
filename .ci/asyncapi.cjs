// Checks an AsyncAPI document. Usage: NODE_PATH=… node .ci/asyncapi.cjs DOCUMENT
"use strict";

const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

// Newer versions of the standard come and go; this is about the one that the document names.
const IGNORED = new Set(["asyncapi-latest-version"]);

(async () => {
  const path = process.argv[2];
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, "utf8"));
  const faults = diagnostics.filter(({ code }) => !IGNORED.has(code));
  for (const { code, message, path: where } of faults) console.error(`${path}: ${where.join(".")}: ${code}: ${message}`);
  if (!document || faults.length > 0) process.exit(1);
  console.log(`${path}: AsyncAPI ${document.version()}, ${document.allMessages().length} messages`);
})();
