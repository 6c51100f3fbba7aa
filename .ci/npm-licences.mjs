// Whether the packages of clients/package-lock.json may be used: what the built app and the client carry has to be
// permissive, what only builds and tests them may also be of a licence that asks for changed files alone.
//
//   node .ci/npm-licences.mjs clients/package-lock.json

import { readFileSync } from 'node:fs';

const SHIPPED = new Set([
  '(MIT OR CC0-1.0)',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT OR Apache-2.0',
]);
const TOOLS = new Set([...SHIPPED, 'MPL-2.0', 'Python-2.0']);

const { packages } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let looked = 0;
let faults = 0;
for (const [path, { dev, license, link, resolved }] of Object.entries(packages)) {
  const ours = !path.includes('node_modules/');
  if (ours || link) continue;
  looked += 1;
  if (!(dev ? TOOLS : SHIPPED).has(license)) {
    console.error(`${path}: the licence ${license ?? '(none)'} is not among those that are allowed`);
    faults += 1;
  }
  if (resolved) {
    console.error(`${path}: names where it was downloaded; clients/.npmrc leaves that out`);
    faults += 1;
  }
}
if (looked === 0) {
  console.error('there are no packages');
  faults += 1;
}
process.exitCode = faults === 0 ? 0 : 1;
