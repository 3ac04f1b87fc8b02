import { stringify } from 'yaml';
import { fixtureImage } from './operator-images.ts';

/**
 * "The fixture" of the spec (operator-catalogs, 1.1): three packages that the documented scenarios are told with.
 * As YAML with comments, as JSON over many lines, and as JSON with a document a line.
 */
export const FIXTURE_FILES: Readonly<Record<string, string>> = {
  'gadget/catalog.yaml': yamlOf([
    {
      schema: 'olm.package',
      name: 'gadget',
      defaultChannel: 'stable',
      description: 'Gadgets for <everybody> & more\n--- not a separator\n',
      icon: { base64data: 'PHN2Zy8+', mediatype: 'image/svg+xml' },
    },
    {
      schema: 'olm.channel',
      package: 'gadget',
      name: 'stable',
      entries: [
        { name: 'gadget.v1.0.0' },
        { name: 'gadget.v1.1.0', replaces: 'gadget.v1.0.0' },
        { name: 'gadget.v1.1.1' },
        {
          name: 'gadget.v1.2.0',
          replaces: 'gadget.v1.1.0',
          skips: ['gadget.v1.1.1'],
          skipRange: '>=1.0.0 <1.2.0',
        },
        { name: 'gadget.v2.0.0', replaces: 'gadget.v1.2.0' },
      ],
    },
    {
      schema: 'olm.channel',
      package: 'gadget',
      name: 'fast',
      entries: [
        { name: 'gadget.v2.0.0', replaces: 'gadget.v1.2.0' },
        { name: 'gadget.v2.1.0', replaces: 'gadget.v2.0.0' },
      ],
    },
    {
      schema: 'olm.channel',
      package: 'gadget',
      name: 'old',
      entries: [{ name: 'gadget.v1.0.0' }, { name: 'gadget.v1.1.0', replaces: 'gadget.v1.0.0' }],
    },
    ...['1.0.0', '1.1.0', '1.1.1', '1.2.0', '2.0.0', '2.1.0'].map((version) =>
      fixtureBundle('gadget', version),
    ),
    {
      schema: 'olm.deprecations',
      package: 'gadget',
      entries: [
        {
          reference: { schema: 'olm.channel', name: 'old' },
          message: 'channel old is unsupported',
        },
        {
          reference: { schema: 'olm.bundle', name: 'gadget.v1.0.0' },
          message: 'has a known defect',
        },
      ],
    },
  ]),
  'widget/catalog.json': jsonOf(
    [
      { schema: 'olm.package', name: 'widget', defaultChannel: 'stable-4' },
      {
        schema: 'olm.channel',
        package: 'widget',
        name: 'stable-4',
        entries: [
          { name: 'widget.v4.8.0-10' },
          { name: 'widget.v4.8.0-25', replaces: 'widget.v4.8.0-10' },
          { name: 'widget.v4.9.0-3', replaces: 'widget.v4.8.0-25' },
        ],
      },
      ...['4.8.0-10', '4.8.0-25', '4.9.0-3'].map((version) => fixtureBundle('widget', version)),
    ],
    4,
  ),
  'patchy/catalog.json': jsonOf([
    { schema: 'olm.package', name: 'patchy', defaultChannel: 'main' },
    {
      schema: 'olm.channel',
      package: 'patchy',
      name: 'main',
      entries: [
        { name: 'patchy.v0.9.0' },
        { name: 'patchy.v0.9.0-1.p', replaces: 'patchy.v0.9.0' },
        { name: 'patchy.v0.9.1', replaces: 'patchy.v0.9.0-1.p' },
      ],
    },
    fixtureBundle('patchy', '0.9.0'),
    fixtureBundle('patchy', '0.9.0+1.p', { name: 'patchy.v0.9.0-1.p' }),
    fixtureBundle('patchy', '0.9.1'),
  ]),
};

/** A bundle document: its own image, an operator image of that version, and an operand that all versions share. */
export function fixtureBundle(
  packageName: string,
  version: string,
  { name = `${packageName}.v${version}`, properties = [] as readonly object[] } = {},
): object {
  const image = fixtureImage(`${packageName}-bundle`, version);
  const kind = packageName.charAt(0).toUpperCase() + packageName.slice(1);
  return {
    schema: 'olm.bundle',
    package: packageName,
    name,
    image,
    properties: [
      { type: 'olm.package', value: { packageName, version } },
      { type: 'olm.gvk', value: { group: 'example.com', kind, version: 'v1' } },
      ...properties,
    ],
    relatedImages: [
      { name: '', image },
      { name: 'manager', image: fixtureImage(packageName, version) },
      { name: 'operand', image: fixtureImage(`${packageName}-operand`, '1') },
    ],
  };
}

/** Documents as a YAML file, each behind its `---`. */
export function yamlOf(documents: readonly object[]): string {
  return documents.map((one) => `---\n${stringify(one, { lineWidth: 0 })}`).join('');
}

/** Documents as a JSON file, one behind the other. */
export function jsonOf(documents: readonly object[], indent?: number): string {
  return documents.map((one) => `${JSON.stringify(one, undefined, indent)}\n`).join('');
}
