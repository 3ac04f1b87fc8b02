import { expect, it } from 'vitest';
import { renderKustomization } from './render-kustomization.ts';

it('lists the YAML files of resources/, sorted', () => {
  const names = ['updateService.yaml', 'signature-configmap.json', 'idms-oc-mirror.yaml'];
  expect(renderKustomization(names)).toBe(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- resources/idms-oc-mirror.yaml
- resources/updateService.yaml
`);
});

it('has an empty list where there are no resources, since kustomize refuses a file without fields', () => {
  expect(renderKustomization([])).toBe(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: []
`);
});
