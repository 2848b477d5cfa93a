// SPDX-License-Identifier: MIT
// A real daemon on free ports, and questions that are held to the contract.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { request } from 'node:http';

import { checkAnswer, checkRequest, operations } from './contract.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const AHA = resolve(ROOT, process.env.AHA ?? 'build/release/aha');
export const MODELS = resolve(ROOT, process.env.AHA_MODELS ?? 'models');
const ADDRESS = { listening: 'public', admin: 'admin' };
const PATIENCE_MS = 120_000; // sanitizers on a busy machine are slow

/** Operations that were asked, and problem codes that were answered. */
export const seen = { operations: new Set(), codes: new Set() };

export class Answer {
  constructor(status, headers, bytes, isHead = false) {
    Object.assign(this, { status, headers, bytes, isHead });
  }

  get text() { return this.bytes.toString('utf8'); }

  get json() { return JSON.parse(this.text); }

  get lines() { return this.text.trimEnd().split('\n').map(JSON.parse); }
}

async function fetched(url, options) {
  const answer = await fetch(url, {
    ...options, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS),
  });

  return new Answer(answer.status, answer.headers,
    Buffer.from(await answer.arrayBuffer()), options.method === 'HEAD');
}

export class Daemon {
  /** Start `aha serve` with further flags and wait until it listens. */
  static async start(...flags) {
    const daemon = new Daemon();
    const args = ['serve', '--bind', '127.0.0.1', '--port', '0',
      '--admin-port', '0', '--log-format', 'json'];

    if (!flags.includes('--models')) {
      args.push('--models', MODELS);
    }
    daemon.process = spawn(AHA, [...args, ...flags],
      { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    daemon.ended = new Promise((done) => daemon.process.on('exit', done));
    await daemon.listening();
    return daemon;
  }

  listening() {
    const log = [];

    return new Promise((done, fail) => {
      const lines = createInterface({ input: this.process.stderr });

      this.process.on('error', fail);
      lines.on('close', () => fail(new Error(`no start:\n${log.join('\n')}`)));
      lines.on('line', (line) => {
        const at = line.match(/(listening|admin) on http:\/\/[^:]+:(\d+)/);

        log.push(line);
        if (at !== null) {
          this[ADDRESS[at[1]]] = `http://127.0.0.1:${at[2]}`;
        }
        if (this.public !== undefined && this.admin !== undefined) {
          done();
        }
      });
    });
  }

  async stop() {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  url(operation, { path = {}, query = '' } = {}) {
    const base = operation.isAdmin ? this.admin : this.public;
    const text = operation.path.replaceAll(/{(\w+)}/g,
      (_, name) => encodeURIComponent(path[name]));

    return base + text + (query === '' ? '' : `?${query}`);
  }

  /** Any request, held to nothing. */
  raw(path, options = {}, isAdmin = false) {
    return fetched((isAdmin ? this.admin : this.public) + path, options);
  }

  /**
   * Ask an operation and hold its answer to the contract. `json` is a body to
   * be sent as JSON; when it is accepted it must be what the contract allows.
   */
  async ask(id, { json, body, headers = {}, method, ...where } = {}) {
    const operation = operations.get(id);
    const answer = await fetched(this.url(operation, where), {
      method: method ?? operation.method,
      headers: json === undefined ? headers
        : { 'Content-Type': 'application/json', ...headers },
      body: json === undefined ? body : JSON.stringify(json),
    });

    this.check(operation, answer);
    if (json !== undefined && answer.status < 300) {
      checkRequest(operation, json);
    }
    return answer;
  }

  check(operation, answer) {
    checkAnswer(operation, answer);
    seen.operations.add(operation.id);
    if (answer.status >= 400 && !answer.isHead) {
      seen.codes.add(answer.json.code);
    }
  }

  /**
   * Declare a body of so many bytes, send the pieces with pauses between, and
   * take what answer comes, be the body whole or not.
   */
  dribble(id, { bytes, pieces = [], pauseMs = 50, ...more }) {
    const operation = operations.get(id);

    return new Promise((done, fail) => {
      const client = request(this.url(operation, more), {
        method: operation.method, agent: false,
        headers: {
          'Content-Type': 'image/jpeg', ...more.headers,
          ...bytes === undefined ? {} : { 'Content-Length': bytes },
        },
      });
      let timer;

      client.on('response', async (response) => {
        clearInterval(timer);
        const body = await response.toArray();
        const answer = new Answer(response.statusCode,
          new Headers(response.headers), Buffer.concat(body));

        client.destroy();
        try {
          this.check(operation, answer);
          done(answer);
        } catch (error) {
          fail(error);
        }
      });
      client.on('error', (error) => {
        clearInterval(timer);
        fail(error);
      });
      client.flushHeaders();
      timer = setInterval(() => {
        if (pieces.length > 0) {
          client.write(pieces.shift());
        }
      }, pauseMs);
    });
  }
}
