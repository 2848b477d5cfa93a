// SPDX-License-Identifier: MIT
// The description as checks: which answers an operation may give.
import assert from 'node:assert/strict';

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { description } from './json.mjs';

const BASE = 'openapi.json';
const ajv = new Ajv2020({
  allErrors: true, strict: true, strictRequired: false, strictTypes: false,
});

addFormats(ajv);
ajv.addVocabulary(Object.keys(description)); // so that the whole is a schema
ajv.addSchema(description, BASE);

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

const escape = (part) =>
  part.toString().replaceAll('~', '~0').replaceAll('/', '~1');

/** A JSON pointer of these names. */
export const pointer = (...parts) => parts.map((p) => `/${escape(p)}`).join('');

/** What stands at a pointer, and the pointer at which it really stands. */
export function find(at) {
  const found = at.split('/').slice(1).reduce(
    (node, part) => node?.[part.replaceAll('~1', '/').replaceAll('~0', '~')],
    description);

  return found?.$ref === undefined ? [found, at] : find(found.$ref.slice(1));
}

/** Throws unless the value is what the schema at the pointer says. */
export function validate(at, value, about) {
  const $ref = `${BASE}#${at.split('/').map(encodeURIComponent).join('/')}`;
  const check = ajv.getSchema($ref) ?? ajv.compile({ $ref });

  assert.ok(check(value), `${about}: ${ajv.errorsText(check.errors)}\n` +
    JSON.stringify(value)?.slice(0, 2000));
}

/** Every operation by its id. */
export const operations = new Map(
  Object.entries(description.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) =>
      [item[method].operationId, {
        id: item[method].operationId,
        path,
        method: method.toUpperCase(),
        at: pointer('paths', path, method),
        isAdmin: 'servers' in item,
        isOpen: item[method].security?.length === 0,
      }])));

function checkHeaders(response, at, headers, about) {
  for (const [name, value] of Object.entries(response.headers ?? {})) {
    const [header, where] = find(`${at}/headers${pointer(name)}`);
    const text = headers.get(name);

    assert.ok(value !== undefined);
    if (text === null) {
      assert.ok(!header.required, `${about}: no header ${name}`);
      continue;
    }
    validate(`${where}/schema`,
      header.schema.type === 'integer' ? Number(text) : text,
      `${about}: header ${name}`);
  }
}

/**
 * Throws unless the answer is one that the response object at the pointer
 * allows: its headers, its type and its body.
 */
export function checkResponse(path, answer, about) {
  const [response, at] = find(path);
  const type = answer.headers.get('Content-Type')?.split(';')[0];

  checkHeaders(response, at, answer.headers, about);
  if (response.content === undefined) {
    assert.equal(answer.bytes.length, 0, `${about}: no body is documented`);
    return;
  }
  assert.ok(type in response.content, `${about}: type ${type}`);
  if (answer.isHead) {
    assert.equal(answer.bytes.length, 0, `${about}: HEAD has no body`);
    return;
  }
  const schema = `${at}/content${pointer(type)}/schema`;

  if (type === 'application/x-ndjson') {
    assert.ok(answer.text.endsWith('\n'), `${about}: last line is whole`);
    answer.lines.forEach((line) => validate(schema, line, about));
  } else if (type.endsWith('json')) {
    validate(schema, answer.json, about);
  } else if (find(schema)[0].type === 'string') {
    validate(schema, answer.text, about);
  }
}

/** Throws unless the operation may answer so. */
export function checkAnswer(operation, answer) {
  const about = `${operation.id} ${answer.status}`;
  const at = `${operation.at}/responses${pointer(answer.status)}`;

  assert.notEqual(find(at)[0], undefined,
    `${about} is not documented: ${answer.text.slice(0, 500)}`);
  checkResponse(at, answer, about);
}

/** Throws unless the JSON body is what the operation says it takes. */
export function checkRequest(operation, body) {
  validate(`${operation.at}/requestBody/content${pointer('application/json')}` +
    '/schema', body, `${operation.id} takes`);
}
