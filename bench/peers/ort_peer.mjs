// SPDX-License-Identifier: MIT
// ONNX Runtime as a contender (see contender.py):
// ort_peer.mjs NETWORK CROPS MODULES, where NETWORK.onnx is the graph and
// MODULES the folder that has node_modules.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { resolve } from "node:path";

const N_FACES = 32;
const [network, cropsPath, modules] = process.argv.slice(2);
const require = createRequire(resolve(modules, "package.json"));
const ort = require("onnxruntime-node");

const sessions = new Map(); // by number of threads

async function session(threads) {
  if (!sessions.has(threads)) {
    sessions.set(threads, await ort.InferenceSession.create(`${network}.onnx`, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    }));
  }
  return sessions.get(threads);
}

/** {region: values of all faces}; the file has face by face. */
function readCrops(inputs) {
  const bytes = readFileSync(cropsPath);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset,
    bytes.length / 4);
  const row = all.length / N_FACES;
  const crops = {};
  let at = 0;
  for (const { name, shape: [, , height, width] } of inputs) {
    const size = height * width;
    const values = new Float32Array(N_FACES * size);
    for (let i = 0; i < N_FACES; i++) {
      values.set(all.subarray(i * row + at, i * row + at + size), i * size);
    }
    crops[name] = { values, dims: [1, height, width], size };
    at += size;
  }
  return crops;
}

const crops = readCrops((await session(1)).inputMetadata);

function feeds(batch) {
  return Object.fromEntries(Object.entries(crops).map(
    ([name, { values, dims, size }]) => [name, new ort.Tensor("float32",
      values.subarray(0, batch * size), [batch, ...dims])]));
}

async function check(path) {
  const { logits, probabilities } =
    await (await session(1)).run(feeds(N_FACES));
  const n = logits.dims[1];
  const answers = new Float32Array(2 * N_FACES * n);
  for (let i = 0; i < N_FACES; i++) {
    answers.set(logits.data.subarray(i * n, (i + 1) * n), 2 * i * n);
    answers.set(probabilities.data.subarray(i * n, (i + 1) * n),
      (2 * i + 1) * n);
  }
  writeFileSync(path, answers);
  return "ok";
}

async function race(batch, threads, seconds) {
  const runner = await session(threads);
  const input = feeds(batch);
  const cpu = process.cpuUsage();
  const start = performance.now();
  let now = start;
  let faces = 0;
  while (faces === 0 || now - start < seconds * 1e3) {
    await runner.run(input);
    faces += batch;
    now = performance.now();
  }
  const { user, system } = process.cpuUsage(cpu);
  return `${faces * 1e3 / (now - start)} ` +
    `${faces * threads * 1e6 / (user + system)}`;
}

const { version } = require("onnxruntime-node/package.json");
console.log(`ready ${version}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...rest] = line.split(" ");
  console.log(verb === "check" ? await check(rest[0])
    : await race(...rest.map(Number)));
}
