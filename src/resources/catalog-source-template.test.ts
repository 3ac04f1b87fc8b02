import { describe, expect, it } from 'vitest';
import { formatProblem } from '../base/field-problem.ts';
import { readCatalogSourceTemplate } from './catalog-source-template.ts';

const HEAD = 'apiVersion: operators.coreos.com/v1alpha1\nkind: CatalogSource\n';

function read(text: string) {
  const { template, warnings } = readCatalogSourceTemplate('t.yaml', text);
  return { template, warnings: warnings.map(formatProblem) };
}

describe('readCatalogSourceTemplate', () => {
  it('keeps what the resource has, and leaves out what is generated', () => {
    const spec = {
      address: 'host:50051',
      description: 'All of them',
      displayName: 'Widgets',
      grpcPodConfig: {
        affinity: { nodeAffinity: { any: [{ key: '' }] } },
        extractContent: { cacheDir: '/tmp/cache', catalogDir: '/configs' },
        memoryTarget: '512Mi',
        nodeSelector: { 'node-role.kubernetes.io/infra': '' },
        priorityClassName: 'system-cluster-critical',
        securityContextConfig: 'restricted',
        tolerations: [{ key: 'infra', value: '' }],
      },
      icon: { base64data: 'aWNvbg==', mediatype: 'image/png' },
      priority: -200,
      publisher: 'Platform team',
      secrets: ['b', 'a'],
      updateStrategy: { registryPoll: { interval: '30m0s' } },
    };
    const metadata = {
      name: 'x',
      namespace: 'y',
      uid: '1',
      labels: { team: 'platform', empty: '' },
      annotations: { note: 'kept' },
    };
    const text = JSON.stringify({
      apiVersion: 'operators.coreos.com/v1alpha1',
      kind: 'CatalogSource',
      metadata,
      spec: { ...spec, image: 'x', sourceType: 'grpc', configMap: '' },
      status: { message: 'x' },
    });

    expect(read(text)).toEqual({
      template: {
        labels: metadata.labels,
        annotations: metadata.annotations,
        spec,
        polls: true,
      },
      warnings: [],
    });
  });

  it.each([
    { what: 'without a spec', text: HEAD },
    { what: 'with empty fields', text: `${HEAD}metadata:\nspec:\n  sourceType: ''\n  secrets:\n` },
    { what: 'whose strategy does not poll', text: `${HEAD}spec: {updateStrategy: {}}\n` },
    { what: 'behind an empty document', text: `---\n---\n${HEAD}` },
  ])('takes a template $what', ({ text }) => {
    expect(read(text)).toEqual({ template: { spec: {}, polls: false }, warnings: [] });
  });

  it('polls at the cluster’s own interval where none is named', () => {
    const { template } = read(`${HEAD}spec: {updateStrategy: {registryPoll: {}}}\n`);
    expect(template).toEqual({ spec: { updateStrategy: { registryPoll: {} } }, polls: true });
  });

  // spec, config-and-outputs, 4.4.
  it.each([
    { what: 'an empty file', text: '\n', warning: /^t\.yaml:1:1: the file is empty/ },
    { what: 'no YAML', text: 'a: [\n', warning: /^t\.yaml:\d+:\d+: this is not valid YAML/ },
    { what: 'text', text: 'whatever\n', warning: /mapping is needed/ },
    { what: 'two documents', text: `${HEAD}---\n${HEAD}`, warning: /more than one document/ },
    {
      what: 'another kind',
      text: HEAD.replace('CatalogSource', 'ConfigMap'),
      warning: /2:1: kind/,
    },
    { what: 'another version', text: HEAD.replace('v1alpha1', 'v1'), warning: /1:1: apiVersion/ },
    { what: 'no kind', text: 'spec: {}\n', warning: /apiVersion: this field is missing/ },
    {
      what: 'a source that is no image',
      text: `${HEAD}spec: {sourceType: internal}\n`,
      warning: /3:8: spec\.sourceType: "internal" stands where "grpc" is needed/,
    },
    {
      what: 'a ConfigMap',
      text: `${HEAD}spec: {configMap: x}\n`,
      warning: /spec\.configMap: a catalog in a ConfigMap is no image/,
    },
    {
      what: 'a number where text belongs',
      text: `${HEAD}metadata: {labels: {version: 1}}\n`,
      warning: /labels\.version: 1 is a number in YAML.*Put quotes/,
    },
    {
      what: 'a priority that is no number',
      text: `${HEAD}spec: {priority: high}\n`,
      warning: /spec\.priority/,
    },
    {
      what: 'a priority beyond 32 bits',
      text: `${HEAD}spec: {priority: 3000000000}\n`,
      warning: /spec\.priority/,
    },
    {
      what: 'an unknown security context',
      text: `${HEAD}spec: {grpcPodConfig: {securityContextConfig: restrictd}}\n`,
      warning: /did you mean "restricted"/,
    },
    { what: 'a field twice', text: `${HEAD}kind: CatalogSource\n`, warning: /kind/ },
  ])('does without a template that is $what', ({ text, warning }) => {
    const { template, warnings } = read(text);
    expect(template).toBeUndefined();
    expect(warnings[0]).toMatch(warning);
    expect(warnings[0]).toContain('; the CatalogSource is generated without this template');
  });

  it('leaves out fields that the resource does not have, and says so', () => {
    const text = `${HEAD}extra: 1
spec:
  dispalyName: x
  priority: 1
  grpcPodConfig:
    nodeSelektor: {a: b}
`;
    expect(read(text)).toEqual({
      template: { spec: { priority: 1, grpcPodConfig: {} }, polls: false },
      warnings: [
        expect.stringMatching(/^t\.yaml:3:1: extra: unknown field "extra", which is left out/),
        expect.stringMatching(/^t\.yaml:5:3: spec\.dispalyName.*did you mean "displayName"/),
        expect.stringMatching(/^t\.yaml:8:5: spec\.grpcPodConfig\.nodeSelektor/),
      ] as string[],
    });
  });

  it.each([
    { interval: '30m0s', warns: false },
    { interval: '1.5h', warns: false },
    { interval: '0', warns: false },
    { interval: 'daily', warns: true },
    { interval: '30', warns: true },
    { interval: '30 m', warns: true },
  ])('keeps the interval "$interval", and warns: $warns', ({ interval, warns }) => {
    const { template, warnings } = read(
      `${HEAD}spec: {updateStrategy: {registryPoll: {interval: "${interval}"}}}\n`,
    );
    expect(template?.spec).toEqual({ updateStrategy: { registryPoll: { interval } } });
    expect(warnings.length > 0).toBe(warns);
  });

  it('takes no prototype from a file', () => {
    const { template } = read(`${HEAD}spec:\n  __proto__: {priority: 5}\n`);
    expect(template?.spec.priority).toBeUndefined();
    expect(({} as { priority?: number }).priority).toBeUndefined();
  });
});
