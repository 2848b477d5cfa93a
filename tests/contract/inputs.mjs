// SPDX-License-Identifier: MIT
// Photos, forms and tensors to send.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

import { ROOT } from './daemon.mjs';

const DATA = resolve(ROOT, process.env.AHA_TEST_DATA ?? 'tests/data');

export const portrait = readFileSync(resolve(DATA, 'astronaut.jpg'));

function chunk(kind, content) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), content]);
  const ends = Buffer.alloc(8);

  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A grey PNG; with `isHollow` one that claims its size and has no pixels. */
export function png(width, height, isHollow = false) {
  const header = Buffer.alloc(13);
  const rows = isHollow ? 10 : height * (width + 1);

  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits; colour type 0 is grey
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(rows))),
    chunk('IEND', Buffer.alloc(0))]);
}

/** A form of `file` parts and fields. */
export function form(files, fields = {}) {
  const data = new FormData();

  for (const file of files) {
    data.append('file', new Blob([file]), 'photo');
  }
  for (const [name, value] of Object.entries(fields)) {
    data.append(name, value);
  }
  return data;
}

export const encoded = (bytes) => ({ base64: bytes.toString('base64') });

export const JPEG = { 'Content-Type': 'image/jpeg' };

/** Pixels of n faces, 0 to 255: dark, with a bright disc that moves. */
export function pixels(n, side) {
  return Uint8Array.from({ length: n * side * side }, (_, i) => {
    const x = i % side - side / 2;
    const down = Math.floor(i / side ** 2); // another place in each face
    const y = Math.floor(i / side) % side - side / 2 + down;

    return x * x + y * y < side * side / 9 ? 200 : 40;
  });
}

/** An inference request of n faces, as JSON. */
export function inference(n = 1, side = 96, more = {}) {
  return {
    inputs: [{
      name: 'face', datatype: 'UINT8', shape: [n, 1, side, side],
      data: [...pixels(n, side)],
    }],
    ...more,
  };
}

/** The same with binary tensors: headers and body for fetch. */
export function binaryInference(n, side, datatype, more = {}) {
  const bytes = datatype === 'UINT8' ? Buffer.from(pixels(n, side))
    : Buffer.from(Float32Array.from(pixels(n, side), (v) => v / 255).buffer);
  const head = Buffer.from(JSON.stringify({
    inputs: [{
      name: 'face', datatype, shape: [n, 1, side, side],
      parameters: { binary_data_size: bytes.length },
    }],
    ...more,
  }));

  return {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Inference-Header-Content-Length': String(head.length),
    },
    body: Buffer.concat([head, bytes]),
  };
}
