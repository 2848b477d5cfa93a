// SPDX-License-Identifier: MIT
// Models, pages and operation, and what is alike for every path.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { assertProblem, PHOTO, somewhere } from './asserts.mjs';
import { checkResponse, find, operations, pointer } from './contract.mjs';
import { Daemon, MODELS, ROOT } from './daemon.mjs';
import { description } from './json.mjs';

describe('the service', () => {
  let daemon;

  const analyze = () => daemon.ask('analyze', PHOTO);

  before(async () => {
    daemon = await Daemon.start('--max-source-bytes', '2000000');
  });

  after(async () => assert.equal(await daemon?.stop(), 0));

  test('info and cards agree with the answers', async () => {
    const info = (await daemon.ask('info')).json;
    const { models } = (await daemon.ask('listModels')).json;
    const card = (await daemon.ask('getModel',
      { path: { id: models[0].id } })).json;
    const { model, faces } = (await analyze()).json;

    assert.equal(info.version, description.info.version);
    assert.equal(info.authentication, false);
    assert.equal(info.seals.privileges, true);
    assert.equal(info.limits.max_source_bytes, 2000000);
    assert.deepEqual(models, [card]);
    assert.deepEqual(info.model, model);
    assert.deepEqual([card.id, card.version, card.sha256],
      [model.id, model.version, model.sha256]);
    assert.equal(card.sha256, createHash('sha256').update(
      readFileSync(join(MODELS, 'expression.safetensors'))).digest('hex'));
    assert.deepEqual(card.labels, info.labels);
    assert.deepEqual(card.regions.map(({ name }) => name),
      faces[0].attention.regions.map(({ name }) => name));
  });

  test('the pages are there, with what they need', async () => {
    for (const id of ['demoPage', 'apiPage']) {
      const page = await daemon.ask(id);

      assert.equal(page.status, 200);
      for (const [, file] of page.text.matchAll(/\/?web\/([\w.-]+)/g)) {
        assert.equal((await daemon.ask('webFile', { path: { file } })).status,
          200, file);
      }
    }
    assert.equal((await daemon.ask('openapiYaml')).text,
      readFileSync(join(ROOT, 'openapi.yaml'), 'utf8'));
    assert.deepEqual((await daemon.ask('openapiJson')).json, description);
  });

  test('a good copy is not sent again', async () => {
    for (const operation of operations.values()) {
      if (find(`${operation.at}/responses/304`)[0] !== undefined) {
        const where = somewhere(operation);
        const first = await daemon.ask(operation.id, where);
        const again = await daemon.ask(operation.id, {
          ...where, headers: { 'If-None-Match': first.headers.get('ETag') },
        });
        const other = await daemon.ask(operation.id, {
          ...where, headers: { 'If-None-Match': '"other"' },
        });

        assert.deepEqual([first.status, again.status, other.status],
          [200, 304, 200], operation.id);
      }
    }
  });

  test('probes and metrics', async () => {
    assert.equal((await daemon.ask('livez')).text, 'live\n');
    assert.equal((await daemon.ask('readyz')).status, 200);
    const verbose = await daemon.ask('readyz', { query: 'verbose' });

    assert.ok(verbose.text.split('\n').length > 2, verbose.text);
    assert.match((await daemon.ask('metrics')).text,
      /^http_server_request_duration_seconds_count/m);
  });

  test('reload serves on', async () => {
    const reload = await daemon.ask('reload');

    assert.deepEqual(reload.json.model, (await analyze()).json.model);
  });

  test('HEAD is GET without a body', async () => {
    for (const operation of operations.values()) {
      if (operation.method === 'GET') {
        const where = somewhere(operation);
        const get = await daemon.ask(operation.id, where);
        const head = await daemon.ask(operation.id,
          { ...where, method: 'HEAD' });

        assert.equal(head.status, get.status, operation.id);
        assert.equal(head.headers.get('Content-Type'),
          get.headers.get('Content-Type'), operation.id);
      }
    }
  });

  test('other methods are refused, and Allow says which are not', async () => {
    for (const operation of operations.values()) {
      const answer = await daemon.ask(operation.id,
        { ...somewhere(operation), method: 'DELETE' });

      assertProblem(answer, 'method_not_allowed');
      assert.equal(answer.headers.get('Allow').split(', ')[0],
        operation.method);
    }
  });

  test('each listener has its own paths only', async () => {
    const notFound = pointer('components', 'responses', 'NotFound');

    for (const [path, isAdmin] of [['/v1/nothing', false], ['/web/none', false],
      ['/metrics', false], ['/livez', false], ['/v1/info', true], ['/', true],
      ['/v2/nothing', false]]) {
      const answer = await daemon.raw(path, {}, isAdmin);

      assert.equal(answer.status, 404, path);
      checkResponse(notFound, answer, path);
      assertProblem(answer, 'not_found');
    }
  });

  test('names and traces come back', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const ask = (headers) => daemon.ask('info', { headers });
    const good = await ask({
      'X-Request-ID': 'Upload-1.2_3',
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    });
    const bad = await ask(
      { 'X-Request-ID': 'no spaces', traceparent: '00-1-2-3' });

    assert.equal(good.headers.get('X-Request-ID'), 'Upload-1.2_3');
    assert.match(good.headers.get('traceparent'),
      new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    assert.notEqual(bad.headers.get('X-Request-ID'), 'no spaces');
  });
});
