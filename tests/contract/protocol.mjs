// SPDX-License-Identifier: MIT
// The Open Inference Protocol.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertClose, assertProblem, JSON_TYPE, MODEL, sum }
  from './asserts.mjs';
import { pointer, validate } from './contract.mjs';
import { Daemon } from './daemon.mjs';
import { binaryInference, inference, pixels } from './inputs.mjs';

describe('the inference protocol', () => {
  let daemon;

  before(async () => {
    daemon = await Daemon.start();
  });

  after(async () => assert.equal(await daemon?.stop(), 0));

  test('metadata', async () => {
    assert.ok((await daemon.ask('serverMetadata')).json.extensions
      .includes('binary_tensor_data'));
    assert.equal((await daemon.ask('serverLive')).status, 200);
    assert.equal((await daemon.ask('serverReady')).status, 200);
    assert.deepEqual((await daemon.ask('modelReady', MODEL)).json,
      { name: 'AHA', ready: true });
    const { inputs, outputs } = (await daemon.ask('modelMetadata', MODEL)).json;

    assert.deepEqual(inputs.map(({ name }) => name), ['face']);
    assert.deepEqual(outputs.map(({ name }) => name),
      ['probabilities', 'logits', 'attention']);
  });

  const infer = (more) => daemon.ask('infer', { ...MODEL, ...more });

  test('every spelling of a tensor says the same', async () => {
    const { inputs: [flat] } = inference(2, 48);
    const rows = [...pixels(2, 48)].map((v) => v / 255);
    const nested = [0, 1].map((n) => [Array.from({ length: 48 }, (_, y) =>
      rows.slice((n * 48 + y) * 48, (n * 48 + y + 1) * 48))]);
    const answers = [
      await infer({ json: { id: 'two', inputs: [flat] } }),
      await infer({
        json: { inputs: [{ ...flat, datatype: 'FP32', data: rows }] },
      }),
      await infer({
        json: { inputs: [{ ...flat, datatype: 'FP32', data: nested }] },
      }),
      await infer(binaryInference(2, 48, 'FP32')),
      await infer(binaryInference(2, 48, 'UINT8')),
    ];
    const [first] = answers;

    assert.deepEqual(first.json.outputs.map(({ name }) => name),
      ['probabilities', 'logits', 'attention']);
    assert.equal(first.json.id, 'two');
    assert.equal(first.json.model_name, 'AHA');
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      answer.json.outputs.forEach(({ shape, data }, k) => {
        assert.deepEqual(shape, [2, 7]);
        assert.equal(data.length, 14);
        data.forEach((value, i) =>
          assertClose(value, first.json.outputs[k].data[i], 'output'));
      });
    }
    for (const row of [0, 1]) {
      const at = (k) => first.json.outputs[k].data.slice(row * 7, row * 7 + 7);

      assertClose(sum(at(0)), 1, 'probabilities');
      assertClose(sum(at(2)), 1, 'attention');
    }
  });

  test('outputs as asked for, binary when asked for', async () => {
    const outputs = [{ name: 'logits', parameters: { binary_data: true } },
      { name: 'probabilities' }];
    const mixed = await infer({ json: inference(1, 96, { outputs }) });
    const all = await infer(binaryInference(3, 32, 'FP32',
      { id: 'all', parameters: { binary_data_output: true } }));
    const plain = await infer({ json: inference(1, 96, { outputs: [
      { name: 'logits' }] }) });

    for (const answer of [mixed, all]) {
      const n = Number(answer.headers.get('Inference-Header-Content-Length'));
      const head = JSON.parse(answer.bytes.subarray(0, n).toString());
      const binary = head.outputs
        .map(({ parameters }) => parameters?.binary_data_size ?? 0);

      assert.equal(answer.headers.get('Content-Type'),
        'application/octet-stream');
      validate(pointer('components', 'schemas', 'InferenceResponse'), head,
        'infer, binary');
      assert.equal(answer.bytes.length, n + sum(binary));
      if (answer === all) {
        assert.deepEqual(binary, [84, 84, 84]);
      } else {
        assert.deepEqual(head.outputs.map(({ name }) => name),
          ['logits', 'probabilities']);
        assert.deepEqual(binary, [28, 0]);
        plain.json.outputs[0].data.forEach((value, i) => assertClose(
          answer.bytes.readFloatLE(n + 4 * i), value, 'logit'));
      }
    }
    assert.equal(plain.json.outputs.length, 1);
  });

  test('what does not fit', async () => {
    const change = (part) => {
      const body = inference(1, 32);

      Object.assign(body.inputs[0], part);
      return { json: body };
    };
    const short = binaryInference(1, 32, 'FP32');
    const cases = [
      ['invalid_tensor', change({ name: 'mouth' })],
      ['invalid_tensor', change({ datatype: 'FP64' })],
      ['invalid_tensor', change({ shape: [1, 3, 32, 32] })],
      ['invalid_tensor', change({ shape: [1, 32, 32] })],
      ['invalid_tensor', change({ shape: [2, 1, 32, 32] })],
      ['invalid_tensor', change({ shape: [1, 1, 8, 128] })],
      ['invalid_tensor', change({ data: [1, 2, 3] })],
      ['invalid_tensor', { json: inference(65, 16) }],
      ['invalid_tensor', { json: { inputs: [] } }],
      ['invalid_tensor',
        { json: inference(1, 32, { outputs: [{ name: 'age' }] }) }],
      ['invalid_tensor', { ...short, body: short.body.subarray(0, -4) }],
      ['malformed_json', { body: '{"inputs": [', headers: JSON_TYPE }],
      ['empty_body', { body: '', headers: JSON_TYPE }],
      ['not_found', { json: inference(1, 32), path: { id: 'other' } }],
      ['invalid_parameter',
        { json: inference(1, 32), headers: { 'X-Timeout-Ms': 'soon' } }],
    ];

    for (const [code, request] of cases) {
      assertProblem(await infer(request), code);
    }
    for (const id of ['modelMetadata', 'modelReady', 'getModel']) {
      assertProblem(await daemon.ask(id, { path: { id: 'other' } }),
        'not_found');
    }
  });
});
