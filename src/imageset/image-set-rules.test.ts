import { describe, expect, it } from 'vitest';
import { type LoadedImageSets, loadImageSets } from './load-image-sets.ts';

const MIRROR = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\n';
const DELETE = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: DeleteImageSetConfiguration\n';

describe('the rules', () => {
  it.each([
    // Form: spec, config-and-outputs, 1.1 and 1.2.
    { mirror: 'Helm: {}', field: 'mirror.Helm', hint: 'did you mean "helm"?' },
    {
      mirror: 'helm: {repositories: [{name: a, url: b, chart: []}]}',
      field: 'mirror.helm.repositories[0].chart',
      hint: 'did you mean "charts"?',
    },
    {
      mirror: 'platform: {channels: [{name: a, minVersion: 4.18}]}',
      field: 'mirror.platform.channels[0].minVersion',
      hint: 'Put quotes around it: "4.18".',
    },
    {
      mirror: 'additionalImages: [{name: a/b:1, targetTag: yes}]',
      field: 'mirror.additionalImages[0].targetTag',
      hint: 'Put quotes around it: "yes".',
    },
    {
      mirror: 'platform: {graph: "true"}',
      field: 'mirror.platform.graph',
      hint: 'Write true or false, without quotes.',
    },
    {
      mirror: 'additionalImages: {name: a/b:1}',
      field: 'mirror.additionalImages',
      hint: 'Begin each item with "- ".',
    },
    { mirror: 'additionalImages: [a/b:1]', field: 'mirror.additionalImages[0]' },
    {
      mirror: 'platform: {channels: [{name: a, type: OKD}]}',
      field: 'mirror.platform.channels[0].type',
      hint: 'did you mean "okd"?',
    },
    { mirror: 'helm: {}\n  helm: {}', field: 'mirror.helm' },
    { mirror: 'helm: {}\narchiveSize: -1', field: 'archiveSize' },
    { mirror: 'helm: {}\narchiveSize: 1.5', field: 'archiveSize' },
    { mirror: 'helm: {}\narchiveSize: big', field: 'archiveSize' },
    { mirror: 'helm: {}\nstorageConfig: {}', field: 'storageConfig' },
    {
      mirror: 'helm: {}\ndelete: {}',
      field: 'delete',
      hint: 'Write a document of the kind DeleteImageSetConfiguration for it.',
    },
    // Values: spec, config-and-outputs, 1.5.
    { mirror: 'operators: [{catalog: "a/b@sha256:1"}]', field: 'mirror.operators[0].catalog' },
    { mirror: 'operators: [{full: true}]', field: 'mirror.operators[0].catalog' },
    {
      mirror: 'operators: [{catalog: a/b:1, targetCatalog: a/b:1}]',
      field: 'mirror.operators[0].targetCatalog',
    },
    {
      mirror: 'operators: [{catalog: a.io/b}, {catalog: "docker://a.io/b:latest"}]',
      field: 'mirror.operators[1].catalog',
    },
    {
      mirror:
        'operators: [{catalog: t1:latest, targetCatalog: t}, {catalog: t2:latest, targetCatalog: t}]',
      field: 'mirror.operators[1].catalog',
    },
    {
      mirror: 'operators: [{catalog: a/b:1, packages: [{name: p}, {name: p}]}]',
      field: 'mirror.operators[0].packages[1].name',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, channels: [{name: c}, {name: c}]}]}]',
      field: 'mirror.operators[0].packages[0].channels[1].name',
    },
    {
      mirror: 'operators: [{catalog: a/b:1, packages: [{name: p, maxVersion: abc}]}]',
      field: 'mirror.operators[0].packages[0].maxVersion',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, channels: [{name: c, minVersion: "-+?"}]}]}]',
      field: 'mirror.operators[0].packages[0].channels[0].minVersion',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, minVersion: "1", channels: [{name: c, maxVersion: "2"}]}]}]',
      field: 'mirror.operators[0].packages[0].channels[0]',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, bundles: [{name: b}, {name: b}]}]}]',
      field: 'mirror.operators[0].packages[0].bundles[1].name',
    },
    {
      mirror: 'platform: {channels: [{name: c}, {name: c}]}',
      field: 'mirror.platform.channels[1].name',
    },
    { mirror: 'blockedImages: [{name: "["}]', field: 'mirror.blockedImages[0].name' },
    { mirror: 'blockedImages: [{name: "(?=a)"}]', field: 'mirror.blockedImages[0].name' },
    { mirror: 'blockedImages: [{name: ""}]', field: 'mirror.blockedImages[0].name' },
    {
      mirror: 'platform: {architectures: [amd64], platforms: [{os: linux, architecture: amd64}]}',
      field: 'mirror.platform.architectures',
    },
  ])('refuses $mirror when it loads the file', ({ mirror, field, hint }) => {
    const { documents, problems } = load(`${MIRROR}mirror:\n  ${mirror}\n`);

    expect(problems.map((problem) => [problem.stage, problem.field])).toEqual([['load', field]]);
    if (hint !== undefined) expect(problems[0]?.hint).toBe(hint);
    expect(documents).toEqual([]);
  });

  it.each([
    { mirror: 'platform: {release: "a/b@x"}', content: 'release' },
    { mirror: 'platform: {release: 4.18.9}', content: 'release' },
    { mirror: 'platform: {release: 4.18.9-x86_64}', content: 'release' },
    { mirror: 'platform: {channels: [{name: Stable_4.18}]}', content: 'release' },
    { mirror: 'platform: {channels: [{name: ../../etc}]}', content: 'release' },
    { mirror: 'platform: {channels: [{type: ocp}]}', content: 'release' },
    { mirror: 'platform: {channels: [{name: a, minVersion: "4.18"}]}', content: 'release' },
    { mirror: 'platform: {channels: [{name: a, minVersion: v4.18.1}]}', content: 'release' },
    {
      mirror:
        'platform: {channels: [{name: a, minVersion: 4.18.9, maxVersion: 4.18.10-rc.1}, {name: b, minVersion: 4.18.10, maxVersion: 4.18.9}]}',
      content: 'release',
    },
    { mirror: 'platform: {platforms: [{os: "", architecture: amd64}]}', content: 'release' },
    { mirror: 'platform: {architectures: [amd64, multi, x86_64]}', content: 'release' },
    { mirror: 'operators: [{catalog: a/b:1, platforms: [{os: linux}]}]', content: 'operator' },
    { mirror: 'operators: [{catalog: a/b:1, targetTag: "-x"}]', content: 'operator' },
    { mirror: 'operators: [{catalog: a/b:1, packages: [{name: ""}]}]', content: 'operator' },
    {
      mirror: 'operators: [{catalog: a/b:1, full: true, packages: [{name: p, minVersion: "1"}]}]',
      content: 'operator',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, minVersion: "2", maxVersion: "1.9"}]}]',
      content: 'operator',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, minVersion: "2", bundles: [{name: p.v2}]}]}]',
      content: 'operator',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, channels: [{name: c}], bundles: [{name: p.v2}]}]}]',
      content: 'operator',
    },
    {
      mirror:
        'operators: [{catalog: a/b:1, packages: [{name: p, channels: [{name: c, minVersion: "2", maxVersion: "1"}]}]}]',
      content: 'operator',
    },
    { mirror: 'additionalImages: [{name: "a/b@sha256:1"}]', content: 'additional' },
    { mirror: 'additionalImages: [{name: ""}]', content: 'additional' },
    { mirror: 'additionalImages: [{name: a/b:1, targetRepo: a..b}]', content: 'additional' },
    { mirror: 'additionalImages: [{name: a/b:1, targetTag: "a/b"}]', content: 'additional' },
    { mirror: 'helm: {local: [{name: a}]}', content: 'helm' },
    {
      mirror:
        'helm: {repositories: [{name: a, url: b, charts: [{name: c, platforms: [{os: linux, architecture: ""}]}]}]}',
      content: 'helm',
    },
  ])('refuses $mirror with the exit bit of its type', ({ mirror, content }) => {
    const { documents, problems } = load(`${MIRROR}mirror:\n  ${mirror}\n`);

    expect(problems.map((problem) => [problem.stage, problem.content])).toEqual([
      ['collect', content],
    ]);
    expect(documents).toHaveLength(1);
  });

  it.each([
    { name: 'x86_64', hint: 'did you mean "amd64"?' },
    { name: 'aarch64', hint: 'did you mean "arm64"?' },
    { name: 's390', hint: 'did you mean "s390x"?' },
    { name: 'sparc', hint: 'Write one of: amd64, arm64, ppc64le, s390x, multi.' },
  ])('says what to write in place of the architecture $name', ({ name, hint }) => {
    const { problems } = load(`${MIRROR}mirror:\n  platform: {architectures: [${name}]}\n`);

    expect(problems.map((problem) => problem.hint)).toEqual([hint]);
  });

  it('warns of architectures, which platforms replace', () => {
    const { problems, warnings } = load(`${MIRROR}mirror: {platform: {architectures: [arm64]}}`);

    expect(problems).toEqual([]);
    expect(warnings.map(({ field }) => field)).toEqual(['mirror.platform.architectures']);
  });

  it('warns of channels beside a release, which choose nothing', () => {
    const both = 'release: r.io/a:4.18.9-x86_64, channels: [{name: a}]';
    const { problems, warnings } = load(`${MIRROR}mirror: {platform: {${both}}}`);

    expect(problems).toEqual([]);
    expect(warnings.map(({ field }) => field)).toEqual(['mirror.platform.channels']);
  });

  it('holds a delete to the same rules, and gives it no blockedImages', () => {
    const { problems } = load(
      `${DELETE}archiveSize: 1\ndelete:\n  blockedImages: []\n  additionalImages: [{name: "a/b@x"}]\n  operators: [{catalog: a/b:1, packages: [{name: p}, {name: p}]}]\n`,
    );

    expect(problems.map(({ field }) => field)).toEqual([
      'archiveSize',
      'delete.blockedImages',
      'delete.additionalImages[0].name',
      'delete.operators[0].packages[1].name',
    ]);
  });
});

function load(text: string): LoadedImageSets {
  return loadImageSets([{ path: 'a.yaml', text, named: true }]);
}
