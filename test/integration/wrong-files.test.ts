import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { testIo } from '../support/command-io.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { imageSet } from '../support/site.ts';

const HEAD = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\n';
const ENTRY = `${HEAD}mirror:\n  additionalImages:\n`;
const CATALOG = `${HEAD}mirror:\n  operators:\n    - catalog: quay.io/c/c:1\n`;

interface Wrong {
  readonly name: string;
  readonly text: string;
  /** `LINE:COLUMN` or `LINE:COLUMN: FIELD`. */
  readonly at: string;
  /** A part of the message. */
  readonly says: string;
}

const LEVELS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
/** Nine lines that stand for nine to the ninth values. */
const BOMB = LEVELS.map((key, level) => {
  const item = level === 0 ? 'x' : `*${LEVELS[level - 1] ?? ''}`;
  return `${key}: &${key} [${Array(9).fill(item).join(', ')}]\n`;
}).join('');

const WRONG: readonly Wrong[] = [
  {
    name: 'broken YAML',
    text: `${ENTRY}    - name: "a/b\n`,
    at: '6:1',
    says: 'this is not valid YAML: missing closing "quote',
  },
  {
    name: 'a merge that nobody finished',
    text: `${HEAD}<<<<<<< HEAD\nmirror: {}\n=======\nmirror:\n>>>>>>> other\n`,
    at: '3:1',
    says: 'a merge conflict was left unresolved here',
  },
  {
    name: 'an unknown field',
    text: `${HEAD}mirror:\n  aditionalImages: []\n`,
    at: '4:3: mirror.aditionalImages',
    says: 'did you mean "additionalImages"?',
  },
  {
    name: 'a wrong type',
    text: `${ENTRY}    - name: [a]\n`,
    at: '5:7: mirror.additionalImages[0].name',
    says: 'text is needed here, found a list',
  },
  {
    name: 'a version without quotes',
    text: `${HEAD}mirror:\n  platform:\n    channels:\n      - {name: a, minVersion: 4.10}\n`,
    at: '6:19: mirror.platform.channels[0].minVersion',
    says: 'Put quotes around it: "4.10".',
  },
  {
    name: 'a bad reference',
    text: `${ENTRY}    - name: quay.io/a/b@sha256:12\n`,
    at: '5:7: mirror.additionalImages[0].name',
    says: '"sha256:12" is no digest',
  },
  {
    name: 'a bad target',
    text: `${ENTRY}    - name: quay.io/a/b:1\n      targetRepo: a..b\n`,
    at: '6:7: mirror.additionalImages[0].targetRepo',
    says: '"a..b" is no target path',
  },
  {
    name: 'a bad pattern',
    text: `${HEAD}mirror:\n  blockedImages:\n    - name: "(?=a)"\n`,
    at: '5:7: mirror.blockedImages[0].name',
    says: 'invalid regular expression "(?=a)"',
  },
  {
    name: 'a key twice',
    text: `${ENTRY}    - name: a/b:1\n      name: a/b:2\n`,
    at: '6:7: mirror.additionalImages[0].name',
    says: 'the field "name" is given twice',
  },
  {
    name: 'a catalog twice',
    text: `${CATALOG}    - catalog: quay.io/c/c:1\n`,
    at: '6:7: mirror.operators[1].catalog',
    says: 'duplicate catalog "quay.io/c/c:1"',
  },
  {
    name: 'a package twice',
    text: `${CATALOG}      packages: [{name: p}, {name: p}]\n`,
    at: '6:30: mirror.operators[0].packages[1].name',
    says: 'duplicate package "p"',
  },
  {
    name: 'a channel twice',
    text: `${CATALOG}      packages: [{name: p, channels: [{name: c}, {name: c}]}]\n`,
    at: '6:51: mirror.operators[0].packages[0].channels[1].name',
    says: 'duplicate channel "c"',
  },
  {
    name: 'two catalogs with one target',
    text: `${CATALOG}      targetCatalog: x/y\n    - catalog: quay.io/d/d:1\n      targetCatalog: x/y\n`,
    at: '7:7: mirror.operators[1].catalog',
    says: 'duplicate catalog',
  },
  {
    name: 'a wrong kind',
    text: ENTRY.replace('ImageSetConfiguration', 'ImageSetConfig'),
    at: '2:1: kind',
    says: 'did you mean "ImageSetConfiguration"?',
  },
  {
    name: 'a wrong version',
    text: ENTRY.replace('v2alpha1', 'v3'),
    at: '1:1: apiVersion',
    says: 'Write apiVersion: mirror.openshift.io/v2alpha1.',
  },
  {
    name: 'a huge file',
    text: `${imageSet([])}# ${'x'.repeat(1024 * 1024)}\n`,
    at: '1:1',
    says: 'the file is larger than 1.0 MiB',
  },
  {
    name: 'an alias bomb',
    text: `${BOMB}${imageSet([])}`,
    at: '6:16: f[2]',
    says: 'repeat more than 250000 values',
  },
];

/** Right as they are, but of a kind that this version cannot mirror: `validate` lets them pass. */
const LATER = [
  {
    name: 'charts',
    text: `${HEAD}mirror:\n  helm:\n    local: [{name: a, path: a.tgz}]\n`,
    at: '4:3: mirror.helm: this version does not mirror helm charts',
  },
];

let prod: MirroredSite;
let head: string;

beforeAll(async () => {
  prod = await startMirroredSite();
  const [app = ''] = await prod.fill('team/app:1.0');
  await prod.site.git.commit('main', { 'sets/good.yaml': imageSet([app]) });
  expect((await prod.site.pass()).code).toBe(0);
  head = await prod.site.git.git(['rev-parse', 'manifests']);
});

afterEach(() => prod.site.configure({ mirrors: [prod.mirror] }));
afterAll(() => prod[Symbol.asyncDispose]());

it.each(WRONG)('$name is one clear error, and changes nothing', async ({ text, at, says }) => {
  const { site } = prod;
  const file = join(site.folder, 'sets/wrong.yaml');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  const io = testIo({ cwd: site.folder });

  const problems = await stalledBy(text);
  const code = await runCommandLine(['validate', 'sets/wrong.yaml'], io, AbortSignal.any([]));

  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(`sets/wrong.yaml:${at}: `);
  expect(problems[0]).toContain(says);
  expect(code).toBe(1);
  expect(io.written.stdout).toBe(`${problems[0] ?? ''}\n1 problem in 1 file\n`);
});

it.each(LATER)('$name are refused by name, and never skipped silently', async ({ text, at }) => {
  const problems = await stalledBy(text);

  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(`sets/wrong.yaml:${at}`);
});

it.each([
  { name: 'no such path', paths: ['nowhere'], at: 'nowhere:1:1: there is no such file or folder' },
  { name: 'nothing of ours', paths: ['docs'], at: 'docs:1:1: there is neither an ImageSetConf' },
])('settings that name $name stall the mirror', async ({ paths, at }) => {
  const { site } = prod;
  await site.git.commit('main', { 'docs/a.yaml': 'kind: Other\n', 'sets/wrong.yaml': undefined });
  await site.configure({ mirrors: [{ ...prod.mirror, paths }] });

  const problems = await stalledBy(undefined);

  expect(problems[0]).toMatch(at);
});

it('takes the last good state up again when the file is mended', async () => {
  const { site } = prod;
  await stalledBy('kind: ImageSetConfiguration\n');
  await site.git.commit('main', { 'sets/wrong.yaml': undefined });
  const before = await prod.requestCount();

  const pass = await site.pass();

  expect(pass).toMatchObject({ code: 0, first: { state: 'Unchanged' } });
  expect(await prod.requestCount()).toBe(before);
});

/** Commits the file, runs a pass that must do nothing at all, and returns the problems that it prints. */
async function stalledBy(text: string | undefined): Promise<string[]> {
  const { site } = prod;
  const commit = await site.git.commit('main', { 'sets/wrong.yaml': text });
  const before = await prod.requestCount();

  const ran = await site.run(['run', '--once']);

  const [summary, ...problems] = ran.stdout.trimEnd().split('\n');
  expect(ran.code).toBe(4);
  expect(summary).toBe(`prod: Stalled at ${commit.slice(0, 12)}: nothing was changed`);
  expect(await prod.requestCount()).toBe(before);
  expect(await site.git.git(['rev-parse', 'manifests'])).toBe(head);
  return problems.map((problem) => problem.trimStart());
}
