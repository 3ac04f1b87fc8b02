import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseSettings } from '../settings/parse-settings.ts';
import { imageSetSchema } from '../imageset/image-set-json-schema.ts';
import { loadImageSets } from '../imageset/load-image-sets.ts';
import type { UpdateGraph } from '../release/graph/update-graph.ts';
import { selectReleases } from '../release/graph/select-releases.ts';
import { platformRequests } from '../resolve/releases/release-requests.ts';
import { settingsSchema } from '../settings/settings-json-schema.ts';
import { schemaCommand, schemaText } from './schema.ts';
import { validateCommand } from './validate.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const imageSets = (await readdir(`${EXAMPLES}imagesets`)).sort();

describe('the examples', () => {
  it('are valid image sets of one mirror, without warnings', async () => {
    const files = await Promise.all(
      imageSets.map(async (name) => ({ path: name, text: await read(name), named: true })),
    );

    const { documents, problems, warnings } = loadImageSets(files);

    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(documents).toHaveLength(imageSets.length);
  });

  it('pass the command, which ignores the settings beside them', async () => {
    let text = '';
    const io = { stdout: (more: string) => (text += more), stderr: () => undefined, cwd: EXAMPLES };

    expect(await validateCommand(['.'], io)).toBe(0);
    expect(text).toContain(`${imageSets.length} image sets valid`);
  });

  it.each(imageSets)('imagesets/%s names the schema for editors and fits it', async (name) => {
    const text = await read(name);

    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../imageset.schema.json');
    expect(validateWith(imageSetSchema(), parse(text))).toEqual([]);
  });

  it.each<[string, Record<string, readonly string[]>, string[]]>([
    [
      'platform.yaml',
      {
        'stable-4.18': ['4.18.8', '4.18.9', '4.18.10', '4.18.11'],
        'stable-4.19': ['4.18.11', '4.19.1', '4.19.2'],
      },
      ['4.18.9', '4.18.11', '4.19.2'],
    ],
    [
      'platform-range.yaml',
      { 'eus-4.18': ['4.18.8', '4.18.9', '4.18.10', '4.18.11', '4.18.12'] },
      ['4.18.9', '4.18.10', '4.18.11'],
    ],
    [
      'okd.yaml',
      { 'stable-scos': [7, 8, 9, 10].map((build) => `4.18.0-okd-scos.${build}`) },
      ['4.18.0-okd-scos.8', '4.18.0-okd-scos.10'],
    ],
  ])('imagesets/%s chooses releases of its channels', async (name, versions, expected) => {
    const files = [{ path: name, text: await read(name), named: true }];
    const [request] = platformRequests(loadImageSets(files).documents);

    const selection = await selectReleases(request?.channels ?? [], (channel) =>
      Promise.resolve(graphOf(versions[channel.name] ?? [])),
    );

    expect(selection).toMatchObject({ failures: [], warnings: [] });
    expect(selection.releases.map(({ version }) => version)).toEqual(expected);
  });

  it('settings.yaml is valid and fits its schema', async () => {
    const text = await readFile(`${EXAMPLES}settings.yaml`, 'utf8');

    expect(parseSettings('settings.yaml', text).mirrors.map(({ name }) => name)).toEqual([
      'prod-eu',
      'lab',
    ]);
    expect(validateWith(settingsSchema(), parse(text))).toEqual([]);
  });

  it('imageset.schema.json is what the command prints', async () => {
    await expect(schemaText('imageset')).toMatchFileSnapshot(`${EXAMPLES}imageset.schema.json`);
  });
});

describe('schemaCommand', () => {
  it.each(['imageset', 'settings'] as const)('prints the schema of %s', (name) => {
    let text = '';

    expect(schemaCommand({ stdout: (more) => (text += more) }, name)).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
  });

  it('describes every field, which is what editors show', () => {
    expect(undescribed(imageSetSchema())).toEqual([]);
    expect(undescribed(settingsSchema())).toEqual([]);
  });
});

async function read(name: string): Promise<string> {
  return readFile(`${EXAMPLES}imagesets/${name}`, 'utf8');
}

/** Every release can be updated to the two after it, whatever the channel. */
function graphOf(versions: readonly string[]): UpdateGraph {
  const steps = versions.flatMap((_, from) => [1, 2].map((step) => [from, from + step] as const));
  return {
    nodes: versions.map((version) => ({ version, payload: `a.io/r:${version}`, channels: [] })),
    edges: steps.filter(([, to]) => to < versions.length),
    conditionalEdges: [],
  };
}

function validateWith(schema: object, value: unknown): unknown[] {
  const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(
    schema,
  );
  validate(value);
  return validate.errors ?? [];
}

/** The paths of properties without a description of their own or of the definition that they refer to. */
function undescribed(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    if (key !== 'properties') return undescribed(value, `${path}/${key}`);
    return Object.entries(value as Record<string, object>).flatMap(([name, property]) => {
      const isDescribed = 'description' in property || '$ref' in property || 'allOf' in property;
      const isHead = name === 'kind' || name === 'apiVersion';
      const here = isDescribed || isHead ? [] : [`${path}/${name}`];
      return [...here, ...undescribed(property, `${path}/${name}`)];
    });
  });
}
