// SPDX-License-Identifier: MIT
// What the live tests have in common.
import assert from 'node:assert/strict';

import { JPEG, portrait } from './inputs.mjs';
import { description } from './json.mjs';

export const LABELS = description.components.schemas.Label.enum;
export const MODEL = { path: { id: 'AHA' } };
export const PHOTO = { body: portrait, headers: JPEG };
export const JSON_TYPE = { 'Content-Type': 'application/json' };
export const FORM_TYPE = { 'Content-Type': 'multipart/form-data; boundary=x' };

/** A path for every operation that has a parameter in its path. */
export const somewhere = ({ path }) =>
  (path.startsWith('/web/') ? { path: { file: 'style.css' } } : MODEL);

export const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

export function assertClose(a, b, about) {
  assert.ok(Math.abs(a - b) < 1e-3 * Math.max(1, Math.abs(b)),
    `${about}: ${a} is not ${b}`);
}

export function assertProblem(answer, code) {
  assert.equal(answer.json.code, code, answer.text);
  assert.equal(answer.json.status, answer.status);
  assert.equal(answer.json.request_id, answer.headers.get('X-Request-ID'));
  assert.equal(answer.json.type, `urn:aha:problem:${code}`);
  if ('error' in answer.json) {
    assert.equal(answer.json.error, answer.json.detail);
  }
}
