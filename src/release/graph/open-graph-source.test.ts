import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  openUpdateService,
  type UpdateService,
} from '../../../test/support/releases/update-service.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { silentLog } from '../../base/log.ts';
import { openWebClient } from '../../web/open-web-client.ts';
import { type GraphSourceSettings, openGraphSource } from './open-graph-source.ts';
import type { GraphQuestion, GraphSource, ReleaseType, UpdateGraph } from './update-graph.ts';

const { signal } = new AbortController();
const QUESTION: GraphQuestion = { type: 'ocp', architecture: 'amd64', channel: 'stable-4.18' };
const OKD: GraphQuestion = { ...QUESTION, type: 'okd' };

interface Site extends AsyncDisposable {
  readonly service: UpdateService;
  readonly folder: string;
  /** A source of its own: the next process. */
  open(settings?: Partial<GraphSourceSettings>): GraphSource;
  files(): Promise<string[]>;
}

async function openSite(): Promise<Site> {
  await using opened = new AsyncDisposableStack();
  const service = opened.use(await openUpdateService());
  service.setGraph('amd64', 'stable-4.18', one('4.18.1'));
  service.setOkdGraph('stable-4.18', one('4.18.0-okd-scos.1'));
  const web = opened.use(
    openWebClient({ environment: {}, log: silentLog, retry: { times: 0, delayMs: 0 } }),
  );
  const temporary = opened.use(await temporaryFolder());
  const folder = join(temporary.path, 'graphs');
  const urls: Record<ReleaseType, URL> = {
    ocp: new URL(`${service.graphUrl}?token=secret`),
    okd: new URL(service.okdGraphUrl),
  };
  const owned = opened.move();
  return {
    service,
    folder,
    open: (settings) =>
      openGraphSource({ web, urls, folder, keepAs: 'by-type', freshness: 'now', ...settings }),
    files: async () => (await readdir(folder)).sort(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function one(version: string): { nodes: { version: string; payload: string }[] } {
  return { nodes: [{ version, payload: `q.io/r:${version}` }] };
}

function versionsOf({ nodes }: UpdateGraph): string[] {
  return nodes.map(({ version }) => version);
}

describe('openGraphSource', () => {
  it('asks as update services want to be asked', async () => {
    await using site = await openSite();

    await site.open().read(QUESTION, signal);

    const [asked] = site.service.seen;
    expect(asked?.headers.accept).toBe('application/json');
    expect(asked?.url).toMatch(
      /\?arch=amd64&channel=stable-4\.18&id=[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}&token=secret$/,
    );
  });

  it('asks each question once, and remembers failures too', async () => {
    await using site = await openSite();
    site.service.setGraph('arm64', 'stable-4.18', '{"nodes":7}');
    const source = site.open();
    const wrong = { ...QUESTION, architecture: 'arm64' };

    const answers = await Promise.all([1, 2].map(() => source.read(QUESTION, signal)));
    await source.read(QUESTION, signal);
    await expect(source.read(wrong, signal)).rejects.toMatchObject({
      code: 'UPDATE_GRAPH_INVALID',
    });
    await expect(source.read(wrong, signal)).rejects.toThrow(
      `the graph of stable-4.18 (arm64) at ${site.service.graphUrl} is no update graph`,
    );

    expect(answers.map(versionsOf)).toEqual([['4.18.1'], ['4.18.1']]);
    expect(site.service.seen).toHaveLength(2);
    expect(await site.files()).toEqual([
      'ocp-amd64-stable-4.18.json',
      'ocp-amd64-stable-4.18.json_note',
    ]);
  });

  it('keeps answers byte for byte, as the reference tool names them', async () => {
    await using site = await openSite();
    const body = '{ "nodes" : [],\n"x":1 }';
    site.service.setGraph('amd64', 'stable-4.18', body);

    await site.open({ keepAs: 'as-reference-tool' }).read(QUESTION, signal);

    const file = join(site.folder, 'amd64-stable-4.18.json');
    expect(await readFile(file, 'utf8')).toBe(body);
    expect((await stat(file)).mode & 0o777).toBe(0o644);
    expect(await readFile(`${file}_note`, 'utf8')).not.toContain('secret');
  });

  it('asks with validators, and reads what is kept where nothing changed', async () => {
    await using site = await openSite();
    await site.open().read(QUESTION, signal);

    const again = await site.open().read(QUESTION, signal);
    site.service.setGraph('amd64', 'stable-4.18', one('4.18.2'));
    const changed = await site.open().read(QUESTION, signal);
    const kept = await site.open({ freshness: 'kept' }).read(QUESTION, signal);

    expect([again, changed, kept].map(versionsOf)).toEqual([['4.18.1'], ['4.18.2'], ['4.18.2']]);
    const validators = site.service.seen.map(
      ({ headers }) => headers['if-none-match'] !== undefined,
    );
    expect(validators).toEqual([false, true, true]);
  });

  it('takes what is kept without a request, and asks where nothing is', async () => {
    await using site = await openSite();

    await site.open({ freshness: 'kept' }).read(QUESTION, signal);
    await site.open({ freshness: 'kept' }).read(QUESTION, signal);

    expect(site.service.seen).toHaveLength(1);
  });

  it('tells a channel of OKD from one of OCP', async () => {
    await using site = await openSite();

    await site.open().read(QUESTION, signal);
    await site.open().read(OKD, signal);
    const source = site.open({ freshness: 'kept' });

    expect(versionsOf(await source.read(QUESTION, signal))).toEqual(['4.18.1']);
    expect(versionsOf(await source.read(OKD, signal))).toEqual(['4.18.0-okd-scos.1']);
    expect(site.service.requests('okd-graph')).toHaveLength(1);
    expect(site.service.seen).toHaveLength(2);
  });

  it.each([
    { name: 'another body', file: '', text: '{"nodes":[]}' },
    { name: 'a broken note', file: '_note', text: '{' },
    { name: 'a note of the wrong shape', file: '_note', text: '[]' },
  ])('asks again where there is $name', async ({ file, text }) => {
    await using site = await openSite();
    await site.open().read(QUESTION, signal);
    await writeFile(join(site.folder, `ocp-amd64-stable-4.18.json${file}`), text);

    const graph = await site.open({ freshness: 'kept' }).read(QUESTION, signal);

    expect(versionsOf(graph)).toEqual(['4.18.1']);
    expect(site.service.seen.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('asks again where another URL was asked before', async () => {
    await using site = await openSite();
    await site.open().read(QUESTION, signal);
    const url = new URL(`${site.service.graphUrl}?token=other`);

    await site.open({ freshness: 'kept', urls: { ocp: url, okd: url } }).read(QUESTION, signal);

    expect(site.service.seen).toHaveLength(2);
  });

  it('reads a file that the reference tool wrote, but asks without validators', async () => {
    await using site = await openSite();
    const settings = { keepAs: 'as-reference-tool' } as const;
    await site.open(settings).read(QUESTION, signal);
    const file = join(site.folder, 'amd64-stable-4.18.json');
    await writeFile(file, '{"nodes":[]}');

    const kept = await site.open({ ...settings, freshness: 'kept' }).read(QUESTION, signal);
    const now = await site.open(settings).read(QUESTION, signal);

    expect([kept, now].map(versionsOf)).toEqual([[], ['4.18.1']]);
    expect(site.service.seen.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it('asks again where what is kept is no graph', async () => {
    await using site = await openSite();
    const settings = { keepAs: 'as-reference-tool', freshness: 'kept' } as const;
    await site.open(settings).read(QUESTION, signal);
    await writeFile(join(site.folder, 'amd64-stable-4.18.json'), '{}');

    const graph = await site.open(settings).read(QUESTION, signal);

    expect(versionsOf(graph)).toEqual(['4.18.1']);
  });

  it('keeps the last good answer where the server sends something else', async () => {
    await using site = await openSite();
    await site.open().read(QUESTION, signal);
    site.service.setGraph('amd64', 'stable-4.18', 'oops');

    await expect(site.open().read(QUESTION, signal)).rejects.toThrow(/it is not JSON/);
    const kept = await site.open({ freshness: 'kept' }).read(QUESTION, signal);

    expect(versionsOf(kept)).toEqual(['4.18.1']);
  });

  it.each([
    {
      question: { ...QUESTION, channel: '../stable' },
      message: '"../stable" is no name of a channel',
    },
    { question: { ...QUESTION, channel: '' }, message: '"" is no name of a channel' },
    { question: { ...QUESTION, channel: 'x'.repeat(201) }, message: 'is no name of a channel' },
    {
      question: { ...QUESTION, architecture: '../amd64' },
      message: '"../amd64" is no architecture',
    },
  ])('refuses $question before it asks', async ({ question, message }) => {
    await using site = await openSite();

    const reading = site.open().read(question, signal);

    await expect(reading).rejects.toMatchObject({ code: 'RELEASE_SELECTION' });
    await expect(reading).rejects.toThrow(message);
    expect(site.service.seen).toEqual([]);
  });

  it('says what the update service says', async () => {
    await using site = await openSite();

    const reading = site.open().read({ ...QUESTION, channel: 'Stable' }, signal);

    await expect(reading).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    await expect(reading).rejects.toThrow(
      /answered 400: invalid_params: invalid client parameters: 'channel'$/,
    );
  });

  it('has an error for a URL that has nothing', async () => {
    await using site = await openSite();
    site.service.fail('graph', 404);

    await expect(site.open().read(QUESTION, signal)).rejects.toMatchObject({
      code: 'UPDATE_GRAPH_INVALID',
      message: expect.stringContaining('the server answered 404') as string,
    });
  });

  it('lets one caller go without the others', async () => {
    await using site = await openSite();
    const source = site.open();
    const controller = new AbortController();
    const reason = new Error('enough');

    const first = source.read(QUESTION, controller.signal);
    const second = source.read(QUESTION, signal);
    controller.abort(reason);

    await expect(first).rejects.toBe(reason);
    expect(versionsOf(await second)).toEqual(['4.18.1']);
    expect(site.service.seen).toHaveLength(1);
  });
});
