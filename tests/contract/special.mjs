// SPDX-License-Identifier: MIT
// Daemons with settings of their own: keys, little room, bad weights.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { assertProblem, MODEL, PHOTO, somewhere } from './asserts.mjs';
import { operations } from './contract.mjs';
import { Daemon, MODELS } from './daemon.mjs';
import { form, JPEG, portrait } from './inputs.mjs';

describe('a daemon with keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aha-keys-'));
  const hash = (key) => createHash('sha256').update(key).digest('hex');
  let daemon;

  before(async () => {
    const file = join(folder, 'keys');

    writeFileSync(file, '# two keys\n' +
      `fast:${hash('fast-secret')}:0\nslow:${hash('slow-secret')}:1\n`,
    { mode: 0o600 });
    daemon = await Daemon.start('--api-key-file', file,
      '--allow-origin', 'https://example.org');
  });

  after(async () => {
    await daemon?.stop();
    rmSync(folder, { recursive: true });
  });

  test('what is not open asks for a key', async () => {
    for (const operation of operations.values()) {
      if (['drain', 'reload'].includes(operation.id)) {
        continue; // open, and not to be done here
      }
      const answer = await daemon.ask(operation.id, somewhere(operation));

      if (operation.isOpen) {
        assert.equal(answer.status, 200, operation.id);
      } else {
        assertProblem(answer, 'unauthorized');
      }
    }
  });

  test('a key opens it, either way', async () => {
    for (const headers of [{ Authorization: 'Bearer fast-secret' },
      { 'X-API-Key': 'fast-secret' }]) {
      const info = await daemon.ask('info', { headers });

      assert.equal(info.json.authentication, true);
      assert.equal((await daemon.ask('analyze',
        { ...PHOTO, headers: { ...JPEG, ...headers } })).status, 200);
    }
    assertProblem(await daemon.ask('info',
      { headers: { Authorization: 'Bearer wrong' } }), 'unauthorized');
  });

  test('a key has a rate', async () => {
    const asked = await Promise.all(Array.from({ length: 12 }, () =>
      daemon.ask('info', { headers: { 'X-API-Key': 'slow-secret' } })));
    const refused = asked.filter(({ status }) => status !== 200);

    assert.ok(refused.length > 0 && refused.length < asked.length);
    refused.forEach((answer) => assertProblem(answer, 'rate_limited'));
    assert.equal((await daemon.ask('info',
      { headers: { 'X-API-Key': 'fast-secret' } })).status, 200);
  });

  test('browsers of one origin may ask', async () => {
    const origin = 'https://example.org';
    const preflight = await daemon.raw('/v1/analyze', {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });
    const live = await daemon.ask('serverLive',
      { headers: { Origin: origin } });

    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get('Access-Control-Allow-Methods'), /POST/);
    for (const { headers } of [preflight, live]) {
      assert.equal(headers.get('Access-Control-Allow-Origin'), origin);
    }
  });
});

describe('a small daemon', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aha-models-'));
  const small = ['--workers', '1', '--max-queue-size', '1'];
  let daemon;

  before(async () => {
    cpSync(MODELS, folder, { recursive: true });
    daemon = await Daemon.start(...small, '--models', folder,
      '--body-timeout-s', '2', '--shutdown-delay-s', '3');
  });

  after(async () => {
    await daemon?.stop();
    rmSync(folder, { recursive: true });
  });

  const crowd = (where, more = {}) =>
    Promise.all(Array.from({ length: 24 }, () =>
      where.ask('analyze', { ...PHOTO, ...more })));

  const refusals = (answers) => answers.filter(({ status }) => status !== 200);

  test('too much at once is refused, and the rest answered', async () => {
    const answers = await crowd(daemon);
    const refused = refusals(answers);

    assert.ok(refused.length > 0 && refused.length < answers.length);
    for (const answer of refused) {
      assertProblem(answer, 'overloaded');
      assert.equal(answer.status, 503);
    }
    assertProblem(await daemon.ask('batch',
      { body: form(Array(8).fill(portrait)) }), 'too_many_images');
  });

  test('the status of too much can be 429', async (context) => {
    const other = await Daemon.start(...small, '--overload-status', '429');

    context.after(() => other.stop());
    const refused = refusals(await crowd(other));

    assert.ok(refused.length > 0);
    for (const answer of refused) {
      assertProblem(answer, 'overloaded');
      assert.equal(answer.status, 429);
    }
  });

  test('what would come too late is not waited for', async () => {
    const late = refusals(await crowd(daemon,
      { headers: { ...JPEG, 'X-Timeout-Ms': '1' } }))
      .filter(({ status }) => status === 504);

    assert.ok(late.length > 0);
    late.forEach((answer) => assertProblem(answer, 'deadline_exceeded'));
  });

  test('a body that drips is cut off', async () => {
    const pieces = Array.from({ length: 8 }, () => Buffer.from([0xff]));

    assertProblem(await daemon.dribble('analyze',
      { bytes: 8, pieces, pauseMs: 350 }), 'body_timeout');
  });

  test('a web page cannot ask the platform', async () => {
    for (const id of ['drain', 'reload']) {
      assertProblem(await daemon.ask(id,
        { headers: { Origin: 'https://example.org' } }), 'forbidden');
    }
    assert.equal((await daemon.ask('readyz')).status, 200);
  });

  test('a bad weight file changes nothing', async () => {
    const file = join(folder, 'expression.safetensors');
    const good = readFileSync(file);
    const put = (bytes) => {
      writeFileSync(`${file}.new`, bytes);
      renameSync(`${file}.new`, file);
    };
    const { model } = (await daemon.ask('info')).json;

    put(good.subarray(0, -100));
    assertProblem(await daemon.ask('reload'), 'reload_failed');
    assert.deepEqual((await daemon.ask('info')).json.model, model);
    assert.equal((await daemon.ask('analyze', PHOTO)).status, 200);
    put(good);
    assert.equal((await daemon.ask('reload')).status, 200);
  });

  test('draining is told, and then it ends', async () => {
    assert.equal((await daemon.ask('drain')).status, 202);
    for (const id of ['readyz', 'serverReady', 'modelReady']) {
      assertProblem(await daemon.ask(id, MODEL), 'draining');
    }
    assert.equal((await daemon.ask('livez')).status, 200);
    assert.equal(await daemon.ended, 0);
  });
});
