// SPDX-License-Identifier: MIT
// Every operation of a real daemon, asked well and badly. Daemon.ask holds each
// answer to the contract; the suites add what no schema says.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { operations } from './contract.mjs';
import { seen } from './daemon.mjs';
import { description } from './json.mjs';
import './photos.mjs';
import './mistakes.mjs';
import './protocol.mjs';
import './service.mjs';
import './special.mjs';

test('every operation was asked and every problem provoked', () => {
  const codes = description.components.schemas.ProblemCode.enum;
  const unprovokable = ['internal']; // a fault, which no request should cause

  assert.deepEqual([...operations.keys()].filter((id) =>
    !seen.operations.has(id)), []);
  assert.deepEqual(codes.filter((code) => !seen.codes.has(code)), unprovokable);
});
