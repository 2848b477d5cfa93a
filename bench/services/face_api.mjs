// SPDX-License-Identifier: MIT
// face-api on WebAssembly behind node:http, a process a worker:
// face_api.mjs PORT WORKERS DETECTOR MODULES, DETECTOR `tiny` or `ssd`.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [port, workers, detector, modules] = process.argv.slice(2);

async function load() {
  const folder = resolve(modules);
  const require = createRequire(join(folder, "package.json"));
  const sharp = require("sharp");
  const tf = require("@tensorflow/tfjs");
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  const faceapi = require("@vladmandic/face-api/dist/face-api.node-wasm.js");
  const { nets } = faceapi;
  wasm.setWasmPaths(
    join(folder, "node_modules/@tensorflow/tfjs-backend-wasm/dist/"));
  await tf.setBackend("wasm");
  await tf.ready();
  sharp.concurrency(1);
  const models = join(folder, "node_modules/@vladmandic/face-api/model");
  const net = detector === "tiny" ? nets.tinyFaceDetector : nets.ssdMobilenetv1;
  await net.loadFromDisk(models);
  await nets.faceExpressionNet.loadFromDisk(models);
  const options = detector === "tiny" ? new faceapi.TinyFaceDetectorOptions()
    : new faceapi.SsdMobilenetv1Options();

  return async (bytes) => {
    const { data, info } = await sharp(bytes).removeAlpha().raw()
      .toBuffer({ resolveWithObject: true });
    const photo = tf.tensor3d(new Uint8Array(data),
      [info.height, info.width, 3], "int32");
    try {
      return await faceapi.detectAllFaces(photo, options)
        .withFaceExpressions();
    } finally {
      photo.dispose();
    }
  };
}

async function serve() {
  const analyze = await load();
  createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) {
      parts.push(part);
    }
    const found = await analyze(Buffer.concat(parts));
    const faces = found.map(({ detection, expressions }) => (
      { box: detection.box, probabilities: expressions }));
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ faces }));
  }).listen(Number(port), "127.0.0.1");
}

if (cluster.isPrimary) {
  for (let i = 0; i < Number(workers); i++) {
    cluster.fork();
  }
} else {
  await serve();
}
