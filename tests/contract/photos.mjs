// SPDX-License-Identifier: MIT
// Photos, one and many, with every parameter.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertClose, assertProblem, LABELS, PHOTO, sum } from './asserts.mjs';
import { Daemon } from './daemon.mjs';
import { encoded, form, JPEG, png, portrait } from './inputs.mjs';

describe('photos', () => {
  let daemon;

  const analyze = (query = '', more = {}) =>
    daemon.ask('analyze', { ...PHOTO, query, ...more });
  const face = async (query) => (await analyze(query)).json.faces[0];

  before(async () => {
    daemon = await Daemon.start('--max-source-bytes', '2000000');
  });

  after(async () => assert.equal(await daemon?.stop(), 0));

  test('raw, form and JSON say the same of a photo', async () => {
    const options = { max_faces: 1, include: ['pose', 'evidence'] };
    const answers = [
      await analyze('max_faces=1&include=pose,evidence'),
      await analyze('max_faces=1&include=pose,evidence',
        { headers: { 'Content-Type': 'application/octet-stream' } }),
      await daemon.ask('analyze', {
        body: form([portrait], { max_faces: '1', include: 'pose,evidence' }),
      }),
      await daemon.ask('analyze', {
        json: { image: encoded(portrait), options },
      }),
      await daemon.ask('analyze', {
        json: { image: encoded(portrait), options: { max_faces: 1 } },
        query: 'include=pose,evidence',
      }),
    ];

    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json.faces, answers[0].json.faces);
      assert.match(answer.headers.get('Server-Timing'), /infer;dur=/);
    }
    assert.equal(answers[0].json.faces.length, 1);
  });

  test('the numbers of a face add up', async () => {
    const { expression, attention } =
      await face('include=evidence,logits,attention_map');
    const { regions, branches } = attention;
    const shares = regions.map(({ weight }) => weight);

    assert.equal(expression.probability,
      Math.max(...Object.values(expression.probabilities)));
    assertClose(sum(Object.values(expression.probabilities)), 1, 'sum');
    assertClose(sum(shares), 1, 'weights');
    assertClose(sum(Object.values(branches)), 1, 'branches');
    for (const label of LABELS) {
      assertClose(sum(regions.map(({ evidence }) => evidence[label])),
        expression.logits[label], `evidence of ${label}`);
    }
    for (const { name, map, probabilities } of regions) {
      assertClose(sum(Object.values(probabilities)), 1, name);
      assert.equal(map.values.length, map.width * map.height, name);
    }
  });

  test('include chooses the parts', async () => {
    const parts = ['landmarks', 'pose', 'quality', 'attention'];
    const has = async (query) => {
      const { faces: [one], timing_ms: timing } = (await analyze(query)).json;

      return [
        ...parts.filter((part) => part in one),
        ...'evidence' in (one.attention?.regions[0] ?? {}) ? ['evidence'] : [],
        ...'map' in (one.attention?.regions[0] ?? {}) ? ['attention_map'] : [],
        ...'logits' in one.expression ? ['logits'] : [],
        ...timing === undefined ? [] : ['timing'],
      ];
    };

    assert.deepEqual(await has(''), [...parts, 'evidence', 'timing']);
    for (const part of [...parts, 'logits', 'timing']) {
      assert.deepEqual(await has(`include=${part}`), [part]);
    }
    for (const part of ['evidence', 'attention_map']) {
      assert.deepEqual(await has(`include=${part}`), ['attention', part]);
    }
    assert.deepEqual(await has('include='), []);
  });

  test('the other parameters do what they say', async () => {
    const whole = (await analyze()).json;
    const shares = await face('coords=normalized');
    const { width, height } = whole.image;
    const top = (await face('top_k=2')).expression;
    const ranked = Object.entries(whole.faces[0].expression.probabilities)
      .sort(([, a], [, b]) => b - a);
    const skipped = (await analyze('min_face_size=400')).json;
    const strict = (await analyze('det_threshold=0.99')).json;
    const aligned = (await analyze('input=aligned')).json;

    assertClose(shares.box.x * width, whole.faces[0].box.x, 'x');
    assertClose(shares.landmarks.nose[1] * height,
      whole.faces[0].landmarks.nose[1], 'y');
    assert.deepEqual(new Set(Object.keys(top.probabilities)),
      new Set(ranked.slice(0, 2).map(([label]) => label)));
    assert.deepEqual(skipped.faces, []);
    assert.ok(skipped.skipped.some(({ reason }) => reason === 'too_small'));
    assert.ok(!('batch' in skipped));
    assert.ok(whole.batch.size >= 1);
    assert.deepEqual(strict.faces, []);
    assert.equal(aligned.faces.length, 1);
    assert.deepEqual(aligned.skipped, []);
    for (const sort of ['size', 'confidence', 'left']) {
      assert.deepEqual((await analyze(`sort=${sort}`)).json.faces, whole.faces);
    }
  });

  test('no face is an answer, or an error when asked for', async () => {
    const none = { ...PHOTO, body: png(64, 64) };
    const empty = await daemon.ask('analyze', none);

    assert.equal(empty.status, 200);
    assert.deepEqual(empty.json.faces, []);
    for (const id of ['analyze', 'detect']) {
      assertProblem(await daemon.ask(id,
        { ...none, query: 'on_no_face=error' }), 'no_face');
    }
  });

  test('the answer can be a picture', async () => {
    const picture = (Accept) =>
      analyze('', { headers: { ...JPEG, Accept } });
    const png8 = await picture('image/png');
    const webp = await picture('image/webp;q=0.9, application/json;q=0.1');
    const svg = await picture('image/svg+xml');

    assert.equal(png8.headers.get('Content-Type'), 'image/png');
    assert.equal(png8.bytes.toString('latin1', 1, 4), 'PNG');
    assert.equal(webp.headers.get('Content-Type'), 'image/webp');
    assert.equal(webp.bytes.toString('latin1', 8, 12), 'WEBP');
    assert.equal(svg.headers.get('Content-Type').split(';')[0],
      'image/svg+xml');
    assert.match(svg.text, /<svg /);
    assert.doesNotMatch(svg.text, /<image|<script|data:/);
    assert.equal((await picture('*/*')).headers.get('Content-Type'),
      'application/json');
  });

  test('detect stops before the expression', async () => {
    const [one] = (await analyze()).json.faces;
    const answers = [
      await daemon.ask('detect', PHOTO),
      await daemon.ask('detect', { body: form([portrait], { sort: 'left' }) }),
      await daemon.ask('detect', { json: { image: encoded(portrait) } }),
    ];

    for (const { status, json } of answers) {
      assert.equal(status, 200);
      assert.deepEqual(json.faces[0].box, one.box);
      assert.deepEqual(json.faces[0].landmarks, one.landmarks);
    }
    assert.deepEqual(Object.keys((await daemon.ask('detect',
      { ...PHOTO, query: 'include=' })).json.faces[0]).sort(),
    ['box', 'detection_confidence', 'face_id']);
    for (const query of ['input=aligned', 'top_k=1', 'include=attention']) {
      assertProblem(await daemon.ask('detect', { ...PHOTO, query }),
        'invalid_parameter');
    }
  });

  test('a bad photo does not spoil a batch', async () => {
    const photos = [portrait, portrait.subarray(0, 999),
      Buffer.from('no photo'), png(5, 5), png(60000, 60000, true), portrait];
    const codes = [undefined, 'image_decode_failed', 'unsupported_media_type',
      'image_too_small', 'image_too_many_pixels', undefined];
    const [alone] = (await analyze()).json.faces;
    const check = (items) => {
      assert.deepEqual(items.map(({ problem }) => problem?.code), codes);
      items.forEach(({ index, status, problem }, i) => {
        assert.equal(index, i);
        assert.equal(problem?.status ?? 200, status);
      });
      assert.deepEqual(items[5].result.faces, [alone]);
    };
    const answers = [
      await daemon.ask('batch', { body: form(photos) }),
      await daemon.ask('batch', { json: { images: photos.map(encoded) } }),
    ];
    const stream = await daemon.ask('batch', {
      body: form(photos), headers: { Accept: 'application/x-ndjson' },
    });

    for (const { status, json } of answers) {
      assert.equal(status, 200);
      check(json.results);
    }
    assert.equal(stream.headers.get('Content-Type').split(';')[0],
      'application/x-ndjson');
    check(stream.lines.sort((a, b) => a.index - b.index));
    const { results } = (await daemon.ask('batch', {
      json: {
        images: [encoded(png(64, 64))],
        options: { on_no_face: 'error', include: 'pose' },
      },
    })).json;
    assert.equal(results[0].problem.code, 'no_face');
  });
});
