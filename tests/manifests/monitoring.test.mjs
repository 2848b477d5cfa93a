// SPDX-License-Identifier: MIT
// Alerts and the dashboard name what the daemon has, and each alert says what
// to do. tests/prometheus.sh asks a real Prometheus.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ROOT } from './kustomize.mjs';
import { known, metricsOf } from './metrics.mjs';
import { excessOfDashboards } from './schema.mjs';

const text = (path) => readFileSync(`${ROOT}${path}`, 'utf8');
const { groups } = parse(text('deploy/prometheus/rules.yaml'));
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const dashboard = JSON.parse(text('deploy/grafana/aha.json'));
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const variables = dashboard.templating.list
  .map(({ query }) => query.query?.match(/^label_values\((.*), \w+\)$/)?.[1])
  .filter((query) => query !== undefined);
const queries = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.annotations.list.map(({ expr }) => expr),
  ...variables,
  ...[...text('deploy/kubernetes/overlays/keda/scaledobject.yaml')
    .matchAll(/query: (.*)$/gm)].map(([, query]) => query),
];

test('every metric of a query is one of server/metrics.def', () => {
  const recorded = new Set(rules.map(({ record }) => record));
  const named = new Set(queries.flatMap(metricsOf));

  assert.ok(queries.length > 40, `${queries.length}`);
  assert.deepEqual(
    [...named].filter((name) => !known.has(name) && !recorded.has(name)), []);
  // What the service is judged by is all looked at.
  assert.deepEqual([...known].filter((name) => !named.has(name) &&
    !/^(http|aha_stage).*_sum$|^aha_batch_size_(sum|count)$/.test(name)), []);
});

test('an unknown metric would be found', () => {
  assert.deepEqual(metricsOf(
    'sum by (le_x) (rate(aha_facez_total{a_b="c_d"}[5m]))'),
  ['aha_facez_total']);
  assert.ok(!known.has('aha_facez_total'));
  assert.ok(!known.has('http_server_request_duration_seconds'));
});

test('reasons, stages and routes of a query exist', () => {
  const all = queries.join('\n');
  const problems = text('server/problem.def');
  const routes = text('server/routes.def');

  for (const [, reason] of all.matchAll(/reason="(\w+)"/g)) {
    assert.ok(problems.includes(`"${reason}"`), reason);
  }
  for (const [, route] of all.matchAll(/http_route="([^"]+)"/g)) {
    assert.ok(routes.includes(`"${route}"`), route);
  }
});

test('each alert has its paragraph, its test and one meaning', () => {
  const runbook = text('deploy/RUNBOOK.md');
  const tests = text('deploy/prometheus/rules.test.yaml');
  const headings = [...runbook.matchAll(/^## (\w+)$/gm)]
    .map(([, name]) => name);

  assert.deepEqual(headings, alerts.map(({ alert }) => alert));
  for (const { alert, annotations, labels } of alerts) {
    assert.equal(annotations.runbook_url,
      `deploy/RUNBOOK.md#${alert.toLowerCase()}`);
    assert.ok(['critical', 'warning'].includes(labels.severity));
    assert.ok(tests.includes(`alertname: ${alert}\n`), alert);
  }
});

test('the Kubernetes overlay has the same rules', () => {
  const { spec } = parse(text(
    'deploy/kubernetes/overlays/prometheus/prometheusrule.yaml'));

  assert.deepEqual(spec.groups, groups, 'npm run write');
});

test('the dashboard is what Grafana\'s schema allows', () => {
  // What Prometheus adds to an annotation is not in it.
  const { annotations, ...plain } = dashboard;
  const misspelt = structuredClone(plain);

  misspelt.panels[1].gridPosition = {};
  assert.equal(annotations.list.length, 1);
  assert.deepEqual(excessOfDashboards([plain]), []);
  assert.match(excessOfDashboards([misspelt])[0], /gridPosition/);
});

test('panels have a place and a number each', () => {
  const taken = new Set();

  for (const { id, title, gridPos: { x, y, w, h } } of dashboard.panels) {
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        assert.ok(column < 24 && !taken.has(`${column} ${row}`), title);
        taken.add(`${column} ${row}`);
      }
    }
    assert.ok(!taken.has(`id ${id}`), title);
    taken.add(`id ${id}`);
  }
});
