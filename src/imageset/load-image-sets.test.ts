import { describe, expect, it } from 'vitest';
import { type ConfigurationFile, type LoadedImageSets, loadImageSets } from './load-image-sets.ts';

const MIRROR = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\n';
const DELETE = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: DeleteImageSetConfiguration\n';

describe('loadImageSets', () => {
  it('reads every document of every file, sorted by path', () => {
    const { documents, problems } = loadImageSets([
      file(`${DELETE}delete:\n  additionalImages:\n    - name: quay.io/a/b:1\n`, 'z.yaml'),
      file(
        `${MIRROR}archiveSize: 4\nmirror:\n  additionalImages:\n    - name: quay.io/a/b:2\n---\n${MIRROR}mirror:\n  helm: {}\n`,
        'a.yaml',
      ),
    ]);

    expect(problems).toEqual([]);
    expect(documents).toMatchObject([
      {
        kind: 'mirror',
        path: 'a.yaml',
        archiveSize: 4,
        content: { additionalImages: [{ name: 'quay.io/a/b:2' }] },
      },
      { kind: 'mirror', path: 'a.yaml', content: { helm: {} } },
      {
        kind: 'delete',
        path: 'z.yaml',
        content: { additionalImages: [{ name: 'quay.io/a/b:1' }] },
      },
    ]);
    expect(documents[0]?.positionOf(['mirror', 'additionalImages', 0])).toEqual({
      path: 'a.yaml',
      line: 6,
      column: 7,
    });
  });

  it('reads all fields of all content types, as they are', () => {
    const mirror = {
      platform: {
        graph: true,
        architectures: ['amd64', 'multi'],
        channels: [
          {
            name: 'stable-4.18',
            type: 'ocp',
            minVersion: '4.18.1',
            maxVersion: '4.18.9',
            full: true,
          },
          { name: 'okd-scos', type: 'okd', shortestPath: true, allowNotRecommended: true },
        ],
        release: 'quay.io/openshift-release-dev/ocp-release:4.18.9-x86_64',
        kubeVirtContainer: true,
      },
      operators: [
        {
          catalog: 'registry.redhat.io/redhat/redhat-operator-index:v4.18',
          full: false,
          targetCatalog: 'site/index',
          targetTag: 'v1',
          targetCatalogSourceTemplate: 'template.yaml',
          platforms: [{ os: 'linux', architecture: 'amd64' }],
          skipDependencies: true,
          packages: [
            { name: 'a', minVersion: '1', maxVersion: 'v1.2', channels: [{ name: 'x' }] },
            { name: 'b', defaultChannel: 'y', channels: [{ name: 'y', minVersion: '1.02' }] },
            { name: 'c', bundles: [{ name: 'c.v1.0.0' }] },
          ],
        },
        { catalog: 'oci:///srv/catalog', full: true },
      ],
      additionalImages: [
        { name: 'nginx', targetRepo: 'web/nginx', targetTag: 'stable' },
        { name: 'oci://layouts/app', platforms: [{ os: 'linux', architecture: 's390x' }] },
      ],
      helm: {
        repositories: [
          {
            name: 'podinfo',
            url: 'https://charts.example.org/',
            charts: [
              {
                name: 'podinfo',
                version: '6.x',
                imagePaths: ['{.spec.image}'],
                platforms: [{ os: 'linux', architecture: 'amd64' }],
                values: { a: null, b: '', c: { d: [1, null] } },
                kubeVersion: '1.31',
              },
            ],
          },
        ],
        local: [{ name: 'mine', path: 'charts/mine.tgz' }],
      },
      blockedImages: [{ name: '(?i)alpine' }],
      samples: [{ name: 'x' }],
    };
    const kind = { apiVersion: 'mirror.openshift.io/v2alpha1', kind: 'ImageSetConfiguration' };

    const { documents, problems } = loadImageSets([
      file(JSON.stringify({ ...kind, mirror }), 'a.json'),
    ]);

    expect(problems).toEqual([]);
    expect(documents[0]?.content).toEqual(mirror);
  });

  it('takes what is named but empty for not set', () => {
    const { documents, problems } = load(
      `${MIRROR}archiveSize: 0\nmirror:\n  operators:\n  platform: {release: '', channels: }\n  additionalImages: [{name: a/b, targetRepo: '', targetTag: }]\n`,
    );

    expect(problems).toEqual([]);
    expect(documents[0]?.archiveSize).toBeUndefined();
    expect(documents[0]?.content).toEqual({ platform: {}, additionalImages: [{ name: 'a/b' }] });
  });

  it('takes an empty stanza for one that asks for nothing, with a warning', () => {
    const { documents, problems, warnings } = load(`${MIRROR}mirror:\n`);

    expect(problems).toEqual([]);
    expect(documents).toHaveLength(1);
    expect(warnings).toMatchObject([{ field: 'mirror', position: { line: 3, column: 1 } }]);
  });

  it.each([
    {
      what: 'the first generation',
      text: 'apiVersion: mirror.openshift.io/v1alpha2\nkind: ImageSetConfiguration\nmirror: {helm: {}}',
      field: 'apiVersion',
    },
    {
      what: 'samples',
      text: `${MIRROR}mirror: {helm: {}, samples: [{name: a}]}`,
      field: 'mirror.samples',
    },
  ])('warns of $what', ({ text, field }) => {
    const { problems, warnings, documents } = load(text);

    expect(problems).toEqual([]);
    expect(documents).toHaveLength(1);
    expect(warnings.map((warning) => warning.field)).toEqual([field]);
  });

  it('reports all errors of all files at once, those of both stages too', () => {
    const { documents, problems } = loadImageSets([
      file(
        `${MIRROR}mirror:\n  aditionalImages: []\n  additionalImages:\n    - name: a/b@sha256:1\n    - tag: x\n  operators:\n    - catalog: a/b:1\n    - catalog: a/b:1\n`,
        'a.yaml',
      ),
      file('kind: ImageSetConfiguration\n', 'b.yaml'),
      file('a: [', 'c.yaml'),
      file(`${MIRROR}mirror: {helm: {}}\n`, 'd.yaml'),
    ]);

    expect(documents.map(({ path }) => path)).toEqual(['d.yaml']);
    expect(
      problems.map(({ position, field, stage }) => [position.path, position.line, field, stage]),
    ).toEqual([
      ['a.yaml', 4, 'mirror.aditionalImages', 'load'],
      ['a.yaml', 6, 'mirror.additionalImages[0].name', 'collect'],
      ['a.yaml', 7, 'mirror.additionalImages[1].name', 'collect'],
      ['a.yaml', 7, 'mirror.additionalImages[1].tag', 'load'],
      ['a.yaml', 10, 'mirror.operators[1].catalog', 'load'],
      ['b.yaml', 1, 'apiVersion', 'load'],
      ['b.yaml', 1, 'mirror', 'load'],
      ['c.yaml', 1, '', 'load'],
    ]);
  });

  it('gives the document all the same when only the collection would notice', () => {
    const { documents, problems } = load(
      `${MIRROR}mirror:\n  additionalImages:\n    - targetRepo: A\n      platforms: [{os: linux}]\n`,
    );

    expect(problems.map(({ field, stage, content }) => [field, stage, content])).toEqual([
      ['mirror.additionalImages[0].name', 'collect', 'additional'],
      ['mirror.additionalImages[0].targetRepo', 'collect', 'additional'],
      ['mirror.additionalImages[0].platforms[0].architecture', 'collect', 'additional'],
    ]);
    expect(documents[0]?.content.additionalImages).toEqual([
      { name: '', targetRepo: 'A', platforms: [{ os: 'linux', architecture: '' }] },
    ]);
  });
});

describe('which documents are ours', () => {
  it.each([
    { what: 'another kind', text: 'apiVersion: v1\nkind: ConfigMap\na: 1\na: 2\n' },
    { what: 'a list', text: '- kind: ImageSetConfiguration\n' },
    { what: 'text', text: 'hello' },
    { what: 'nothing', text: '' },
    { what: 'a comment', text: '# nothing\n' },
  ])('a file of $what is ignored in a folder, and an error when named', ({ text }) => {
    expect(loadImageSets([file(text, 'a.yaml', false)])).toEqual({
      documents: [],
      problems: [],
      warnings: [],
      ignored: ['a.yaml'],
    });
    expect(loadImageSets([file(text)])).toMatchObject({
      problems: [
        { stage: 'load', position: { path: 'a.yaml', line: expect.any(Number) as number } },
      ],
      ignored: [],
    });
  });

  it.each([
    {
      what: 'our group without our kind',
      text: 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSet\nmirror: {}\n',
      field: 'kind',
    },
    {
      what: 'our group without a kind',
      text: 'apiVersion: mirror.openshift.io/v2alpha1\nmirror: {}\n',
      field: 'kind',
    },
    {
      what: 'our kind of another group',
      text: 'apiVersion: example.com/v7\nkind: ImageSetConfiguration\nmirror: {}\n',
      field: 'apiVersion',
    },
    {
      what: 'our kind without a group',
      text: 'kind: DeleteImageSetConfiguration\ndelete: {}\n',
      field: 'apiVersion',
    },
    {
      what: 'our group in another version',
      text: 'apiVersion: mirror.openshift.io/v3\nkind: ImageSetConfiguration\nmirror: {}\n',
      field: 'apiVersion',
    },
  ])('$what is an error in a folder too', ({ text, field }) => {
    const { problems, ignored } = loadImageSets([file(text, 'a.yaml', false)]);

    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(ignored).toEqual([]);
  });

  it('empty documents beside others are nothing, in a named file too', () => {
    const { documents, problems } = load(`---\n# nothing\n---\n${MIRROR}mirror: {helm: {}}\n---\n`);

    expect(problems).toEqual([]);
    expect(documents).toHaveLength(1);
  });

  it('another document of a named file is an error', () => {
    const { problems } = load(`${MIRROR}mirror: {helm: {}}\n---\nkind: ConfigMap\n`);

    expect(problems).toMatchObject([{ position: { line: 5, column: 1 } }]);
  });

  it('other documents of a file in a folder are left alone', () => {
    const text = `kind: ConfigMap\n---\n${MIRROR}mirror: {helm: {}}\n---\n`;

    expect(loadImageSets([file(text, 'a.yaml', false)])).toMatchObject({
      documents: [{ kind: 'mirror' }],
      problems: [],
      ignored: [],
    });
  });
});

describe('one catalog in several documents', () => {
  const catalog = (rest: string): string =>
    `${MIRROR}mirror:\n  operators:\n    - {catalog: a.io/b:1${rest}}\n`;

  it('is one catalog when the package lists have nothing in common', () => {
    const { documents, problems } = loadImageSets([
      file(
        catalog(', packages: [{name: p}], targetCatalogSourceTemplate: ../t.yaml'),
        'sets/a/1.yaml',
      ),
      file(
        catalog(', packages: [{name: q}], targetCatalogSourceTemplate: ./../t.yaml'),
        'sets/a/2.yaml',
      ),
      file(catalog(', targetTag: other'), 'sets/a/3.yaml'),
    ]);

    expect(problems).toEqual([]);
    expect(documents).toHaveLength(3);
  });

  it.each([
    {
      what: 'one package in both',
      rest: ', packages: [{name: q}, {name: p}]',
      field: 'mirror.operators[0].packages[1]',
    },
    { what: 'no packages in one', rest: '', field: 'mirror.operators[0]' },
    {
      what: 'all bundles in one',
      rest: ', packages: [{name: q}], full: true',
      field: 'mirror.operators[0].full',
    },
    {
      what: 'another template',
      rest: ', packages: [{name: q}], targetCatalogSourceTemplate: t',
      field: 'mirror.operators[0].targetCatalogSourceTemplate',
    },
  ])('is an error with $what, which names both', ({ rest, field }) => {
    const files = [
      file(catalog(', packages: [{name: p}]'), '1.yaml'),
      file(catalog(rest), '2.yaml'),
    ];

    const { problems } = loadImageSets(files);

    expect(problems).toMatchObject([{ field, position: { path: '2.yaml' }, stage: 'load' }]);
    expect(problems[0]?.message).toContain('1.yaml:5:7');
    expect(loadImageSets(files, { isOneMirror: false })).toMatchObject({
      problems: [],
      warnings: [{ field }],
    });
  });

  it('is an error when two catalogs have one target', () => {
    const { problems } = loadImageSets([
      file(catalog(', targetCatalog: x/y'), '1.yaml'),
      file(
        `${MIRROR}mirror:\n  operators: [{catalog: a.io/c:1, targetCatalog: x/y, packages: [{name: p}]}]\n`,
        '2.yaml',
      ),
    ]);

    expect(problems).toMatchObject([
      { field: 'mirror.operators[0].catalog', position: { path: '2.yaml' } },
    ]);
  });

  it('is an error between two documents of one file whoever reads it', () => {
    const text = `${catalog('')}---\n${catalog('')}`;

    expect(loadImageSets([file(text)], { isOneMirror: false }).problems).toHaveLength(1);
  });

  it('may be named by two deletes', () => {
    const text = `${DELETE}delete: {operators: [{catalog: a/b:1}]}\n`;

    expect(loadImageSets([file(text, '1.yaml'), file(text, '2.yaml')]).problems).toEqual([]);
  });
});

function file(text: string, path = 'a.yaml', named = true): ConfigurationFile {
  return { path, text, named };
}

function load(text: string): LoadedImageSets {
  return loadImageSets([file(text)]);
}
