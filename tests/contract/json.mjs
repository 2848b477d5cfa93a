// SPDX-License-Identifier: MIT
// openapi.json, made of openapi.yaml: node tests/contract/json.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);

export const description = parse(
  readFileSync(new URL('openapi.yaml', root), 'utf8'));

export const asJson = `${JSON.stringify(description, null, 1)}\n`;

export const committedJson = () =>
  readFileSync(new URL('openapi.json', root), 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('openapi.json', root), asJson);
}
