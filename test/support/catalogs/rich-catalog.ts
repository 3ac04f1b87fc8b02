import { fixtureBundle, jsonOf, yamlOf } from './fixture-catalog.ts';
import { fixtureImage } from './operator-images.ts';

/**
 * What real catalogs have and the spec's fixture has not: requirements, display names, embedded objects, a
 * package over several files, unknown schemas, numbers that a double cannot hold, bad related images, and
 * files that are left out by `.indexignore`.
 */
export const RICH_FILES: Readonly<Record<string, string>> = {
  '.indexignore': '# not for the catalog\nREADME.md\ndrafts/\n*.bak\n',
  'README.md': '# A catalog\n\nThis is no document: {\n',
  'drafts/unfinished.json': '{"schema": "olm.package", "name": ',
  'global.json': jsonOf([
    { schema: 'com.example.notice.v1', name: 'notice', text: 'for everybody', weight: 1.5 },
  ]),
  // `big` must be told from its neighbours by its bytes: parsing and writing it again changes it.
  'tower/catalog.json':
    jsonOf([
      {
        schema: 'olm.package',
        name: 'tower',
        defaultChannel: 'beta',
        vendorField: { kept: 'as it is' },
      },
      {
        schema: 'olm.channel',
        package: 'tower',
        name: 'beta',
        entries: [
          { name: 'tower.v1.0.0' },
          { name: 'tower.v1.1.0', replaces: 'tower.v1.0.0', skipRange: '<1.1.0' },
        ],
      },
      {
        schema: 'olm.channel',
        package: 'tower',
        name: 'alpha',
        entries: [
          { name: 'tower.v1.0.0' },
          { name: 'tower.v1.1.0', skips: ['tower.v1.0.0'] },
          { name: 'tower.v2.0.0-rc.1', replaces: 'tower.v1.1.0' },
        ],
      },
      fixtureBundle('tower', '1.0.0', { properties: metadataOf('Tower One') }),
      fixtureBundle('tower', '1.1.0', {
        properties: [
          ...requires('gadget', '>=1.2.0 <3.0.0', 'Widget'),
          ...metadataOf('Tower <two>'),
        ],
      }),
    ]) +
    jsonOf([
      fixtureBundle('tower', '2.0.0-rc.1', {
        properties: [
          ...requires('absent', '>=1.0.0', 'Absent'),
          { type: 'com.example.number', value: { big: '12345678901234567890', z: 1, a: 2 } },
          ...metadataOf('Tower Three'),
        ],
      }),
    ]).replace('"12345678901234567890"', '12345678901234567890'),
  'legacy/package.yaml':
    'schema: olm.package\nname: legacy\ndefaultChannel: stable # the only one\ndescription: |\n  Old,\n  --- but good\n',
  'legacy/channels.yaml': yamlOf([
    {
      schema: 'olm.channel',
      package: 'legacy',
      name: 'stable',
      entries: [{ name: 'legacy.v1.0.0' }, { name: 'legacy.v1.0.1', replaces: 'legacy.v1.0.0' }],
    },
    {
      schema: 'olm.deprecations',
      package: 'legacy',
      entries: [{ reference: { schema: 'olm.package' }, message: 'use tower' }],
    },
  ]),
  'legacy/.indexignore': 'notes.txt\n',
  'legacy/notes.txt': 'not a document',
  'legacy/saved.yaml.bak': 'schema: olm.package\nname: legacy\n',
  'legacy/bundles/v1.0.0.yaml': yamlOf([withObjects('1.0.0')]),
  'legacy/bundles/v1.0.1.yaml': yamlOf([withObjects('1.0.1')]),
  'legacy/lifecycle.yaml': yamlOf([
    {
      schema: 'io.openshift.operators.lifecycles.v1alpha1',
      package: 'legacy',
      name: 'lifecycle',
      phases: [{ name: 'maintenance', until: '2027-01-01' }],
    },
  ]),
  'untidy/catalog.json': jsonOf([
    { schema: 'olm.package', name: 'untidy', defaultChannel: 'stable' },
    {
      schema: 'olm.channel',
      package: 'untidy',
      name: 'stable',
      entries: [{ name: 'untidy.v1.0.0' }],
    },
    {
      ...fixtureBundle('untidy', '1.0.0'),
      // Its own image is not among them; one by tag, one by both, one twice, one without an image.
      relatedImages: [
        { name: 'by-tag', image: 'quay.io/example/untidy-tool:1.0' },
        {
          name: 'by-both',
          image: fixtureImage('untidy-agent', '1').replace('@', ':1.0@'),
        },
        { name: 'once', image: fixtureImage('untidy', '1.0.0') },
        { name: 'twice', image: fixtureImage('untidy', '1.0.0') },
        { name: 'nothing', image: '' },
      ],
    },
  ]),
};

function metadataOf(displayName: string): object[] {
  const value = {
    annotations: { capabilities: 'Basic Install' },
    displayName,
    keywords: ['example'],
  };
  return [{ type: 'olm.csv.metadata', value }];
}

function requires(packageName: string, versionRange: string, kind: string): object[] {
  return [
    { type: 'olm.package.required', value: { packageName, versionRange } },
    { type: 'olm.gvk.required', value: { group: 'example.com', kind, version: 'v1' } },
  ];
}

function withObjects(version: string): object {
  const manifest = {
    apiVersion: 'operators.coreos.com/v1alpha1',
    kind: 'ClusterServiceVersion',
    metadata: { name: `legacy.v${version}` },
    spec: { displayName: 'Legacy' },
  };
  const data = Buffer.from(JSON.stringify(manifest)).toString('base64');
  return fixtureBundle('legacy', version, {
    properties: [{ type: 'olm.bundle.object', value: { data } }],
  });
}
