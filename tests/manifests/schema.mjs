// SPDX-License-Identifier: MIT
// Objects held to the published schemas, twice. The validators made of them
// know formats, limits and what is required, but let an unknown field pass, as
// the schemas do; the types made of them do not: the TypeScript compiler is
// shown each object as a literal of its type and names every excess property.
import ts from 'typescript';
import { fileURLToPath } from 'node:url';

const KUBERNETES = 'kubernetes-models';
const modules = {
  v1: `${KUBERNETES}/v1`,
  'apps/v1': `${KUBERNETES}/apps/v1`,
  'autoscaling/v2': `${KUBERNETES}/autoscaling/v2`,
  'batch/v1': `${KUBERNETES}/batch/v1`,
  'networking.k8s.io/v1': `${KUBERNETES}/networking.k8s.io/v1`,
  'policy/v1': `${KUBERNETES}/policy/v1`,
  'keda.sh/v1alpha1': '@kubernetes-models/keda/keda.sh/v1alpha1',
  'monitoring.coreos.com/v1':
    '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  // KServe publishes none as a package: its own few fields are in kserve.ts,
  // the rest of a predictor is Kubernetes' PodSpec.
  'serving.kserve.io/v1beta1': './kserve.ts',
};

function moduleOf({ apiVersion, kind }) {
  if (modules[apiVersion] === undefined) {
    throw new Error(`no schema of ${apiVersion} ${kind}`);
  }
  return modules[apiVersion];
}

/**
 * @param literals [{ type, module, value }]
 * @return what the compiler finds wrong with them, a line each
 */
function compiled(literals) {
  const name = fileURLToPath(new URL('objects.ts', import.meta.url));
  const source = literals.map(({ type, module, value }, i) =>
    `import type { ${type} as T${i} } from '${module}';\n` +
    `export const object${i}: T${i} = ${JSON.stringify(value, null, 1)};\n`)
    .join('')
    // Grafana's enums, which to the compiler are no strings.
    .replaceAll(/^ *"mode": "(absolute|thresholds|palette-classic)"/gm,
      '$& as never');
  const options = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ESNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;

  host.getSourceFile = (path, ...rest) => (path === name
    ? ts.createSourceFile(path, source, options.target)
    : getSourceFile.call(host, path, ...rest));
  const program = ts.createProgram([name], options, host);

  return ts.getPreEmitDiagnostics(program).map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, ' '));
}

/** @return what is wrong with Kubernetes' objects, a line each */
export function excess(objects) {
  return compiled(objects.map((object) => ({
    type: `I${object.kind}`, module: moduleOf(object), value: object,
  })));
}

/** @return what is wrong with Grafana's dashboards, a line each */
export function excessOfDashboards(dashboards) {
  return compiled(dashboards.map((value) =>
    ({ type: 'Dashboard', module: '@grafana/schema', value })));
}

/** Throws what the object's own validator finds. */
export async function validate(object) {
  const path = moduleOf(object);

  if (!path.startsWith('./')) {
    const { [object.kind]: Model } = await import(path);

    new Model(object).validate();
  }
}
