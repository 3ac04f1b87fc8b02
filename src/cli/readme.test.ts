import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { testIo } from '../../test/support/command-io.ts';
import { loadImageSets } from '../imageset/load-image-sets.ts';
import { OCP_GRAPH_URL, OKD_GRAPH_URL } from '../release/graph/open-graph-source.ts';
import { OCP_SIGNATURE_URL, OKD_SIGNATURE_URL } from '../release/signature/signature-url.ts';
import { parseSettings } from '../settings/parse-settings.ts';
import { settingsSchema } from '../settings/settings-json-schema.ts';
import { GRAPH_BASE, GRAPH_DATA_URL } from './open-release-sources.ts';
import { runCommandLine } from './run-command-line.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const text = await readFile(`${ROOT}README.md`, 'utf8');

describe('the README', () => {
  it('has every setting with its default', () => {
    const rows = new Map(
      [...section('Settings').matchAll(/^\| (`.*?) \| (.*?) \|/gm)].flatMap(([, names, value]) =>
        [...(names ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => [name, value]),
      ),
    );

    const expected = leaves(settingsSchema() as SchemaNode)
      .filter(({ field }) => !hasOwnWords(field))
      .map(({ field, value }) => [field, value === undefined ? rows.get(field) : shown(value)]);

    expect(expected.filter(([, value]) => value === undefined)).toEqual([]);
    expect(expected).toEqual(expected.map(([field]) => [field, rows.get(field ?? '')]));
  });

  it('says where releases come from', () => {
    const defaults = [...section('Settings').matchAll(/^\| `(releases\..*?)` \| `(.*?)` \|/gm)].map(
      ([, field, value]) => [field, value],
    );

    expect(Object.fromEntries(defaults)).toMatchObject({
      'releases.graphUrl': OCP_GRAPH_URL,
      'releases.signatureUrl': OCP_SIGNATURE_URL,
      'releases.graphDataUrl': GRAPH_DATA_URL,
      'releases.graphBase': GRAPH_BASE,
      'releases.okd.graphUrl': OKD_GRAPH_URL,
      'releases.okd.signatureUrl': OKD_SIGNATURE_URL,
    });
  });

  it('has every command', async () => {
    const io = testIo();
    await runCommandLine(['--help'], io, new AbortController().signal);
    const [, list = ''] = io.written.stdout.split('\nCommands:\n');
    const commands = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name);

    expect(commands.length).toBeGreaterThan(5);
    const missing = commands.filter(
      (name) => name !== 'help' && !new RegExp(`^\\| \`${name}\\b`, 'm').test(text),
    );
    expect(missing).toEqual([]);
  });

  it('shows files that are valid', () => {
    const files = [...text.matchAll(/^\$ cat (\S+)\n([\s\S]*?)\n(?:```|\n\$)/gm)].map(
      ([, path = '', content = '']) => ({ path, text: content, named: true }),
    );
    const settings = files.filter((file) => file.text.includes('ControllerSettings'));
    const imageSets = files.filter((file) => !settings.includes(file));

    expect(settings).toHaveLength(1);
    for (const file of settings) parseSettings(file.path, file.text);
    expect(imageSets).toHaveLength(2);
    expect(loadImageSets(imageSets, { isOneMirror: false }).problems).toEqual([]);
  });

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);

    expect(links).not.toEqual([]);
    expect(links.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
  });
});

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly default?: unknown;
}

function leaves(node: SchemaNode, path = ''): { field: string; value: unknown }[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const field = path === '' ? name : `${path}.${name}`;
    if (child.properties !== undefined) return leaves(child, field);
    if (child.items?.properties !== undefined) return leaves(child.items, `${field}[]`);
    return [{ field, value: child.default }];
  });
}

/** Fields that the README speaks of together: those of the kind, credentials as for the source. */
function hasOwnWords(field: string): boolean {
  return /^(?:apiVersion|kind)$/.test(field) || /^manifests\.(?:\w+File|username)$/.test(field);
}

function shown(value: unknown): string {
  return `\`${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}\``;
}

function section(title: string): string {
  return text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
}
