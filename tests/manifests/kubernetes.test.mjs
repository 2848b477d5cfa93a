// SPDX-License-Identifier: MIT
// deploy/kubernetes as kustomize renders it, against the published schemas and
// against what the daemon and its image need.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rendered, ROOT } from './kustomize.mjs';
import { excess, validate } from './schema.mjs';

const text = (path) => readFileSync(ROOT + path, 'utf8');
const FOLDERS = ['base', 'overlays/prometheus', 'overlays/keda',
  'overlays/archive', 'overlays/kserve'];
const folders = Object.fromEntries(FOLDERS.map((folder) =>
  [folder, rendered(`deploy/kubernetes/${folder}`)]));
const objects = Object.values(folders).flat();
const find = (kind, folder = 'base') =>
  folders[folder].find((object) => object.kind === kind);
const NAME = 'app.kubernetes.io/name';

/** The pod specs: of a Deployment, a Job, a predictor. */
const pods = objects.map(({ spec }) => spec?.template?.spec ?? spec?.predictor)
  .filter((pod) => pod !== undefined);
const containersOf = (pod) => [...pod.initContainers ?? [], ...pod.containers];
const serving = pods.flatMap((pod) =>
  pod.containers.filter(({ args }) => args?.[0] === 'serve')
    .map((container) => ({ pod, container })));

/** An object with a value set deep within; the rest is shared with nobody. */
function changed(object, path, value) {
  const copy = structuredClone(object);
  const last = path.at(-1);

  path.slice(0, -1).reduce((at, key) => at[key], copy)[last] = value;
  return copy;
}

test('every object is what its schema allows, and misspelt ones are not',
  async () => {
    const container = ['spec', 'template', 'spec', 'containers', 0];
    const misspelt = [
      changed(find('Deployment'), [...container, 'livenesProbe'], {}),
      changed(find('Deployment'),
        [...container, 'securityContext', 'readonlyRootFilesystem'], true),
      changed(find('HorizontalPodAutoscaler'), ['spec', 'maxReplica'], 1),
      changed(find('NetworkPolicy'), ['spec', 'policyType'], []),
      changed(find('Job', 'overlays/archive'), ['spec', 'completion'], 1),
      changed(find('ServiceMonitor', 'overlays/prometheus'),
        ['spec', 'endpoints', 0, 'intervall'], '1s'),
      changed(find('PrometheusRule', 'overlays/prometheus'),
        ['spec', 'groups', 0, 'rules', 0, 'exprs'], 'up'),
      changed(find('ScaledObject', 'overlays/keda'), ['spec', 'triger'], []),
      changed(find('InferenceService', 'overlays/kserve'),
        ['spec', 'predictor', 'minReplica'], 1),
    ];
    const findings = excess([...objects, ...misspelt]);

    assert.equal(findings.length, misspelt.length, findings.join('\n'));
    for (const [i, name] of ['livenesProbe', 'readonlyRootFilesystem',
      'maxReplica', 'policyType', 'completion', 'intervall', 'exprs', 'triger',
      'minReplica'].entries()) {
      assert.ok(findings[i].includes(`'"${name}"' does not exist`),
        findings[i]);
    }
    for (const object of objects) {
      await validate(object);
    }
    await assert.rejects(validate(changed(find('Deployment'),
      [...container, 'ports', 0, 'containerPort'], '8080')), /containerPort/);
  });

test('pods have no more rights than they need', () => {
  assert.equal(pods.length, 5);
  for (const pod of pods) {
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.enableServiceLinks, false); // AHA_PORT=tcp://...
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.equal(pod.securityContext.runAsUser, 65532);
    assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
    for (const { securityContext, resources } of containersOf(pod)) {
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(resources.requests.cpu && resources.limits.memory);
    }
  }
});

test('a pod is given the time that the daemon takes to stop', () => {
  assert.equal(serving.length, 4);
  for (const { pod, container } of serving) {
    const env = Object.fromEntries(container.env.map(({ name, value }) =>
      [name, Number(value)]));

    assert.ok(env.AHA_SHUTDOWN_DELAY_S > 0);
    assert.ok(env.AHA_SHUTDOWN_DELAY_S + env.AHA_GRACE_PERIOD_S
      < pod.terminationGracePeriodSeconds);
  }
});

test('settings are the daemon\'s, routes and ports too', () => {
  const settings = new Set(text('docs/options.md').match(/\bAHA_\w+/g));
  const routes = text('server/routes.def');

  for (const { container } of serving) {
    for (const { name } of container.env) {
      assert.ok(settings.has(name), name);
    }
    for (const key of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const { path, port } = container[key]?.httpGet ?? {};

      if (path !== undefined) {
        assert.ok(routes.includes(`"GET", "${path}"`), path);
        assert.ok(container.ports.some(({ name, containerPort }) =>
          [name, containerPort].includes(port)), `${port}`);
        assert.equal(port === 'admin',
          routes.includes(`ADMIN, "GET", "${path}"`));
      }
    }
  }
});

test('whatever selects pods selects these and no others', () => {
  const { labels } = find('Deployment').spec.template.metadata;

  assert.deepEqual(find('Deployment').spec.selector.matchLabels, labels);
  assert.deepEqual(find('Service').spec.selector, labels);
  assert.deepEqual(find('PodDisruptionBudget').spec.selector.matchLabels,
    labels);
  assert.deepEqual(find('NetworkPolicy').spec.podSelector.matchLabels, labels);
  for (const { labelSelector } of
    find('Deployment').spec.template.spec.topologySpreadConstraints) {
    assert.deepEqual(labelSelector.matchLabels, labels);
  }
  const archive = find('Job', 'overlays/archive').spec.template.metadata.labels;

  assert.notEqual(archive[NAME], labels[NAME]);
  assert.deepEqual(find('NetworkPolicy', 'overlays/archive').spec.podSelector
    .matchLabels, archive);
});

test('the scrape finds the metrics\' Service and nothing else', () => {
  const overlay = folders['overlays/prometheus'];
  const { matchLabels } = find('ServiceMonitor', 'overlays/prometheus')
    .spec.selector;
  const selected = overlay.filter(({ kind, metadata }) => kind === 'Service' &&
    Object.entries(matchLabels).every(([key, value]) =>
      metadata.labels[key] === value));

  assert.deepEqual(selected.map(({ metadata }) => metadata.name),
    ['aha-metrics']);
  assert.equal(selected[0].metadata.labels[
    find('ServiceMonitor', 'overlays/prometheus').spec.jobLabel], 'aha');
});

test('KEDA has the replicas to itself', () => {
  assert.equal(find('HorizontalPodAutoscaler', 'overlays/keda'), undefined);
  assert.equal(find('ScaledObject', 'overlays/keda').spec.scaleTargetRef.name,
    find('Deployment', 'overlays/keda').metadata.name);
  assert.equal(find('Deployment').spec.replicas, undefined);
});

test('a Job has as many shards as indexes', () => {
  const { completions, template } = find('Job', 'overlays/archive').spec;

  assert.equal(template.spec.containers[0].env
    .find(({ name }) => name === 'SHARDS').value, `${completions}`);
});

test('the image is this version\'s everywhere', () => {
  const [, version] = text('Makefile').match(/^VERSION := (.*)$/m);
  const images = pods.flatMap((pod) =>
    containersOf(pod).map(({ image }) => image))
    .filter((image) => !image.startsWith('busybox:'));

  assert.deepEqual(new Set(images), new Set([`aha:${version}`]));
  assert.ok(text('Dockerfile').includes(`\nARG VERSION=${version}\n`));
  assert.ok(text('deploy/compose.yaml').includes(`image: aha:${version}\n`));
});
