// SPDX-License-Identifier: MIT
// What is wrong with a request for photos, and how it is told.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertProblem, FORM_TYPE, JSON_TYPE, MODEL, PHOTO }
  from './asserts.mjs';
import { Daemon } from './daemon.mjs';
import { encoded, form, JPEG, png, portrait } from './inputs.mjs';

describe('mistakes', () => {
  let daemon;

  before(async () => {
    daemon = await Daemon.start('--max-source-bytes', '2000000');
  });

  after(async () => assert.equal(await daemon?.stop(), 0));

  test('what is wrong with a photo request', async () => {
    const broken =
      '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc';
    const cases = [
      ...['max_face=1', 'max_faces=0', 'max_faces=65', 'max_faces=1.5',
        'max_faces=1&max_faces=2', 'max_faces=', 'min_face_size=0',
        'det_threshold=1', 'det_threshold=nan', 'input=face', 'include=age',
        'include=pose,pose', 'coords=cm', 'on_no_face=maybe', 'sort=name',
        'top_k=0', 'top_k=8',
      ].map((query) => ['invalid_parameter', { ...PHOTO, query }]),
      ...['0', '-1', 'soon', '999999999'].map((timeout) =>
        ['invalid_parameter',
          { ...PHOTO, headers: { ...JPEG, 'X-Timeout-Ms': timeout } }]),
      ['invalid_parameter', { body: form([portrait], { max_face: '1' }) }],
      ['invalid_parameter',
        { json: { image: encoded(portrait), options: { max_face: 1 } } }],
      ['invalid_parameter',
        { json: { image: encoded(portrait), options: { max_faces: 0 } } }],
      ['malformed_json', { body: '{', headers: JSON_TYPE }],
      ['malformed_json', { body: '[1]', headers: JSON_TYPE }],
      ['malformed_json', { json: { image: { base64: '%%%' } } }],
      ['malformed_json', { json: { image: { base64: 7 } } }],
      ['malformed_multipart', { body: broken, headers: FORM_TYPE }],
      ['malformed_multipart',
        { body: broken, headers: { 'Content-Type': 'multipart/form-data' } }],
      ['missing_file', { body: form([], { max_faces: '1' }) }],
      ['missing_file', { json: {} }],
      ['empty_body', { body: '', headers: JPEG }],
      ['empty_body', { body: form(['']) }],
      ['unsupported_media_type', { body: 'hello', headers: JPEG }],
      ['image_decode_failed',
        { body: portrait.subarray(0, 9000), headers: JPEG }],
      ['image_too_small', { body: png(5, 5), headers: JPEG }],
    ];

    for (const [code, request] of cases) {
      assertProblem(await daemon.ask('analyze', request), code);
    }
    const large = await daemon.ask('analyze',
      { body: png(60000, 60000, true), headers: JPEG });

    assertProblem(large, 'image_too_many_pixels');
    assert.equal(large.json.limit, 50000000);
  });

  test('what is wrong with a batch', async () => {
    for (const [code, request] of [
      ['invalid_parameter', { body: form([portrait]), query: 'max_faces=0' }],
      ['malformed_json', { body: '{', headers: JSON_TYPE }],
      ['malformed_json', { json: { images: 'all', model: 1 } }],
      ['missing_file', { json: { images: [] } }],
      ['missing_file', { body: form([], { max_faces: '1' }) }],
      ['too_many_images', { body: form(Array(33).fill('photo')) }],
      ['too_many_images',
        { json: { images: Array(33).fill({ base64: 'AAAA' }) } }],
      ['unsupported_media_type', PHOTO],
    ]) {
      assertProblem(await daemon.ask('batch', request), code);
    }
  });

  test('what cannot be had', async () => {
    for (const [id, type] of [
      ['analyze', 'text/html'], ['analyze', 'image/gif'],
      ['batch', 'image/png'], ['detect', 'image/png'],
    ]) {
      assertProblem(await daemon.ask(id, {
        body: form([portrait]), headers: { Accept: type },
      }), 'not_acceptable');
    }
  });

  test('what does not follow HTTP', async () => {
    for (const [code, request] of [
      ['malformed_request', { query: 'sort=%00', bytes: 9 }],
      ['expectation_failed', { headers: { Expect: 'tea' }, bytes: 9 }],
      ['not_implemented', { headers: { 'Transfer-Encoding': 'gzip, chunked' } }],
    ]) {
      for (const [id, more] of [['analyze', {}], ['batch', {}], ['detect', {}],
        ['infer', MODEL]]) {
        assertProblem(await daemon.dribble(id, { ...request, ...more }), code);
      }
    }
  });

  test('too many bytes are refused before the first one', async () => {
    for (const id of ['analyze', 'detect']) {
      const answer = await daemon.dribble(id, { bytes: 999999999 });

      assertProblem(answer, 'payload_too_large');
      assert.deepEqual([answer.json.limit, answer.json.actual],
        [2000000, 999999999]);
    }
    assertProblem(await daemon.dribble('infer',
      { ...MODEL, bytes: 999999999, headers: JSON_TYPE }), 'payload_too_large');
  });
});
