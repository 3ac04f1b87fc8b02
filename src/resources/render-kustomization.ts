import { compareText } from '../base/compare-text.ts';
import { formatResource } from './format-resource.ts';

/**
 * The `kustomization.yaml` of an output folder, so that Argo CD, Flux and `oc apply -k` take it as it is.
 * `fileNames` are names inside `resources/`; those that hold no YAML (`signature-configmap.json`, a second
 * form of the same object) are not listed. The list is there even when it is empty: without any field
 * kustomize refuses the file.
 */
export function renderKustomization(fileNames: Iterable<string>): string {
  return formatResource({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [...fileNames]
      .filter((name) => name.endsWith('.yaml'))
      .sort(compareText)
      .map((name) => `resources/${name}`),
  });
}
