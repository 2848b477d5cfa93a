// SPDX-License-Identifier: MIT
// The fields of KServe's InferenceService v1beta1 that a custom predictor may
// have beside those of a pod, by its API reference.
import type { IPodSpec } from 'kubernetes-models/v1';
import type { IDeploymentStrategy } from 'kubernetes-models/apps/v1';
import type { IObjectMeta } from
  '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';

interface Component {
  minReplicas?: number;
  maxReplicas?: number;
  scaleTarget?: number;
  scaleMetric?: 'cpu' | 'memory' | 'concurrency' | 'rps';
  containerConcurrency?: number;
  timeout?: number;
  canaryTrafficPercent?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  deploymentStrategy?: IDeploymentStrategy;
}

export interface IInferenceService {
  apiVersion: 'serving.kserve.io/v1beta1';
  kind: 'InferenceService';
  metadata: IObjectMeta;
  spec: { predictor: IPodSpec & Component };
}
