// SPDX-License-Identifier: MIT
// The archive Job's script, in BusyBox as there, with the program built here.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync,
  rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rendered, ROOT } from './kustomize.mjs';

const SHARDS = 2;
const archive = rendered('deploy/kubernetes/overlays/archive');
const script = archive.find(({ kind }) => kind === 'ConfigMap').data['walk.sh'];
const job = archive.find(({ kind }) => kind === 'Job');
const tools = job.spec.template.spec.initContainers[0].command.at(-1)
  .match(/for tool in (.*); do/)[1].split(' ');

/** Folders as the pod has them; only the listed tools are in the path. */
function pod(t) {
  const folder = mkdtempSync(join(tmpdir(), 'aha-walk-'));
  const busybox = spawnSync('sh', ['-c', 'command -v busybox'],
    { encoding: 'utf8' }).stdout.trim();

  t.after(() => rmSync(folder, { recursive: true }));
  assert.notEqual(busybox, '', 'this needs the Debian package busybox');
  for (const name of ['tools', 'photos/a b/c', 'answers']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  for (const tool of tools) {
    symlinkSync(busybox, join(folder, 'tools', tool));
  }
  writeFileSync(join(folder, 'walk.sh'), script);
  return folder;
}

function walk(folder, index, program = process.env.AHA ?? 'build/release/aha') {
  return spawnSync(join(folder, 'tools/sh'), [join(folder, 'walk.sh')], {
    encoding: 'utf8',
    cwd: ROOT, // ./models
    env: {
      PATH: join(folder, 'tools'), SHARDS: `${SHARDS}`,
      JOB_COMPLETION_INDEX: `${index}`, AHA: resolve(ROOT, program),
      PHOTOS: join(folder, 'photos'), ANSWERS: join(folder, 'answers'),
    },
  });
}

const linesOf = (folder, index) =>
  readFileSync(join(folder, `answers/${index}.ndjson`), 'utf8').trimEnd()
    .split('\n').map((line) => JSON.parse(line));

test('the shards answer every photo once, a broken one with its error', (t) => {
  const folder = pod(t);
  const photos = join(folder, 'photos');
  const face = join(ROOT, 'tests/data/astronaut.jpg');

  copyFileSync(face, join(photos, 'one.jpg'));
  copyFileSync(face, join(photos, "a b/it's two.JPEG"));
  writeFileSync(join(photos, 'a b/c/broken.png'), 'no image');
  writeFileSync(join(photos, 'notes.txt'), 'not looked at');
  for (let index = 0; index < SHARDS; index++) {
    const { status, stderr } = walk(folder, index);

    assert.equal(status, 0, stderr);
  }
  assert.deepEqual(readdirSync(join(folder, 'answers')),
    ['0.ndjson', '1.ndjson']);
  const lines = [0, 1].flatMap((index) => linesOf(folder, index));

  assert.deepEqual(
    lines.map(({ file }) => file.slice(photos.length + 1)).sort(),
    ['a b/c/broken.png', "a b/it's two.JPEG", 'one.jpg']);
  assert.deepEqual(lines.map(({ faces }) => faces?.length).sort(),
    [1, 1, undefined]);
  assert.equal(lines.filter(({ error }) => error !== undefined).length, 1);

  // Asked again, nothing is done again.
  const { mtimeMs } = statSync(join(folder, 'answers/0.ndjson'));

  assert.equal(walk(folder, 0).status, 0);
  assert.equal(statSync(join(folder, 'answers/0.ndjson')).mtimeMs, mtimeMs);
});

test('a shard without photos is whole, one without answers is not', (t) => {
  const folder = pod(t);

  assert.equal(walk(folder, 0).status, 0);
  assert.equal(readFileSync(join(folder, 'answers/0.ndjson'), 'utf8'), '');
  for (const name of ['a.jpg', 'b.jpg']) {
    writeFileSync(join(folder, 'photos', name), '');
  }
  const { status, stderr } = walk(folder, 1, '/bin/false');

  assert.notEqual(status, 0);
  assert.match(stderr, /Of 1 photos 0 have a line/);
  assert.deepEqual(readdirSync(join(folder, 'answers')).filter((name) =>
    name === '1.ndjson'), []);
});
