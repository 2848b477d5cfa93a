// SPDX-License-Identifier: MIT
// `npm run write`: the Kubernetes overlay's copy of the alert rules.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { ROOT } from './kustomize.mjs';

const { groups } = parse(
  readFileSync(`${ROOT}deploy/prometheus/rules.yaml`, 'utf8'));
const object = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'aha', labels: { 'app.kubernetes.io/name': 'aha' } },
  spec: { groups },
};

writeFileSync(
  `${ROOT}deploy/kubernetes/overlays/prometheus/prometheusrule.yaml`,
  '# Written by `npm run write` in tests/manifests from ' +
  `deploy/prometheus/rules.yaml.\n${stringify(object, { lineWidth: 0 })}`);
