// SPDX-License-Identifier: MIT
// What can be said of the description without a daemon.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { find, operations, pointer, validate } from './contract.mjs';
import { asJson, committedJson, description } from './json.mjs';

/* Every object of the description with its pointer. */
function* objects(node = description, at = '') {
  if (node !== null && typeof node === 'object') {
    yield [node, at];
    for (const [name, child] of Object.entries(node)) {
      yield* objects(child, at + pointer(name));
    }
  }
}

test('openapi.json is openapi.yaml', () => {
  assert.ok(committedJson() === asJson,
    'run node tests/contract/json.mjs and commit openapi.json');
});

test('every example is what its schema says', () => {
  let checked = 0;

  for (const [node, at] of objects()) {
    if (typeof node.schema !== 'object' || at.includes('/examples/')) {
      continue;
    }
    const schema = find(`${at}/schema`)[1];

    if ('example' in node) {
      validate(schema, node.example, at);
      checked += 1;
    }
    for (const name of Object.keys(node.examples ?? {})) {
      validate(schema, find(`${at}/examples${pointer(name)}`)[0].value,
        `${at} ${name}`);
      checked += 1;
    }
  }
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    for (const example of schema.examples ?? []) {
      validate(pointer('components', 'schemas', name), example, name);
      checked += 1;
    }
  }
  assert.ok(checked > 50);
});

test('every schema compiles', () => {
  for (const [node, at] of objects()) {
    if (typeof node.schema === 'object' && !at.includes('/examples/')) {
      try {
        validate(find(`${at}/schema`)[1], undefined, at);
      } catch (error) {
        assert.ok(error instanceof assert.AssertionError, `${at}: ${error}`);
      }
    }
  }
});

test('every problem code is explained, given somewhere and exemplified', () => {
  const { enum: codes, description: table } =
    description.components.schemas.ProblemCode;
  const rows = [...table.matchAll(
    /^\| `(\w+)` \| (\d{3}) \| (.+) \| (.+) \|$/gm)];
  const statuses = new Map(rows.map(([, code, status]) => [code, +status]));
  const given = new Map();

  assert.deepEqual(rows.map(([, code]) => code), codes);
  assert.deepEqual([...codes], [...new Set(codes)]);
  for (const response of Object.values(description.components.responses)) {
    const content = response.content?.['application/problem+json'];

    if (content === undefined) {
      continue;
    }
    const { status, code } = content.schema.allOf[1].properties;

    for (const one of code.enum ?? [code.const]) {
      given.set(one, [...given.get(one) ?? [], status.const]);
    }
    for (const { value } of Object.values(content.examples)) {
      assert.equal(value.type, `urn:aha:problem:${value.code}`);
      assert.equal(value.status, statuses.get(value.code));
    }
  }
  for (const code of codes) {
    assert.ok(given.get(code)?.includes(statuses.get(code)), code);
  }
  for (const code of given.keys()) {
    assert.ok(codes.includes(code), code);
  }
});

test('statuses and response components agree', () => {
  for (const { id, at } of operations.values()) {
    for (const status of Object.keys(find(`${at}/responses`)[0])) {
      const [response] = find(`${at}/responses${pointer(status)}`);
      const schema =
        response.content?.['application/problem+json']?.schema;

      if (+status >= 400) {
        assert.equal(schema.allOf[1].properties.status.const, +status, id);
      }
    }
  }
});
