// SPDX-License-Identifier: MIT
// The metrics that PromQL names, and those that the daemon has.
import { readFileSync } from 'node:fs';
import { ROOT } from './kustomize.mjs';

const rows = [...readFileSync(`${ROOT}server/metrics.def`, 'utf8')
  .matchAll(/^METRIC\(\w+, "(\w+)", "(\w+)"/gm)];

/** Every name that can be in /metrics, and Prometheus' own. */
export const known = new Set(['up', 'ALERTS',
  ...rows.flatMap(([, name, type]) =>
    (type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
      .map((end) => name + end))]);

/** @return the metrics that a query names */
export function metricsOf(query) {
  const bare = query.replaceAll(/"[^"]*"/g, '').replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '');

  return bare.match(/\b[a-zA-Z]\w*(:\w+)*\b(?!\s*\()/g)
    .filter((word) => !/^(and|or|unless|by|bool|offset)$/.test(word))
    .filter((word) => word.includes('_') || known.has(word));
}
