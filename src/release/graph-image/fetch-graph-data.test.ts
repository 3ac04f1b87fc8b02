import { readFile, rm, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { GRAPH_FILES, graphTar, graphTarball } from '../../../test/support/graph-tarball.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { digestOf } from '../../oci/digest.ts';
import type { Validators, WebAnswer, WebClient, WebRequest } from '../../web/web-client.ts';
import { fetchGraphData } from './fetch-graph-data.ts';
import type { GraphData } from './graph-image.ts';

const { signal } = new AbortController();
const URL_OF_DATA = new URL('https://user:secret@graph.example.com/graph-data?token=secret');
const VALIDATORS: readonly Validators[] = [
  { etag: '"1"' },
  { lastModified: 'Sat, 01 Mar 2025 00:00:00 GMT' },
  { etag: 'W/"1"', lastModified: 'Sat, 01 Mar 2025 00:00:00 GMT' },
];

interface FakeServer {
  readonly web: WebClient;
  /** What was asked, and how. */
  readonly asked: WebRequest[];
  answer: Uint8Array | ControllerError | undefined;
  /** Those of the answer; the same ones in a question give 304. */
  validators: Validators;
}

function fakeServer(answer: FakeServer['answer'], validators: Validators = {}): FakeServer {
  const asked: WebRequest[] = [];
  const server: FakeServer = {
    ...{ asked, answer, validators },
    web: {
      get(_url, request): Promise<WebAnswer> {
        asked.push(request);
        if (server.answer instanceof ControllerError) return Promise.reject(server.answer);
        if (server.answer === undefined) return Promise.resolve({ kind: 'missing' });
        if (isSame(request.validators, server.validators))
          return Promise.resolve({ kind: 'unchanged' });
        return Promise.resolve({
          kind: 'found',
          body: server.answer,
          validators: server.validators,
        });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  };
  return server;
}

function isSame(one: Validators | undefined, other: Validators): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

function fetchData(
  { web }: FakeServer,
  folder: string,
  freshness: 'kept' | 'now' = 'now',
  url = URL_OF_DATA,
): Promise<GraphData> {
  return fetchGraphData({ web, url, folder, freshness }, signal);
}

it('keeps the tarball as it came, and knows its content by the digest of the tar', async () => {
  await using folder = await temporaryFolder();
  const tarball = await graphTarball(GRAPH_FILES);
  const server = fakeServer(tarball);
  const data = await fetchData(server, folder.path);
  expect(data.digest).toBe(digestOf(await graphTar(GRAPH_FILES)));
  expect((await readFile(data.file)).equals(tarball)).toBe(true);
  expect(server.asked).toEqual([{ limitBytes: 64 * 1024 ** 2 }]);
  const packed = fakeServer(await graphTarball(GRAPH_FILES, { level: 1 }));
  expect((await fetchData(packed, folder.path)).digest).toBe(data.digest);
});

it.each(VALIDATORS)('does not get again what did not change (%o)', async (validators) => {
  await using folder = await temporaryFolder();
  const server = fakeServer(await graphTarball(GRAPH_FILES), validators);
  const first = await fetchData(server, folder.path);
  expect(await fetchData(server, folder.path)).toEqual(first);
  expect(server.asked[1]?.validators).toEqual(validators);

  server.answer = await graphTarball({ ...GRAPH_FILES, LICENSE: 'another' });
  server.validators = { etag: '"2"' };
  const changed = await fetchData(server, folder.path);
  expect(changed.digest).not.toBe(first.digest);
  expect(await fetchData(server, folder.path)).toEqual(changed);
  expect(server.asked[3]?.validators).toEqual({ etag: '"2"' });
});

it('takes what was kept without a question, and asks where nothing is', async () => {
  await using folder = await temporaryFolder();
  const server = fakeServer(await graphTarball(GRAPH_FILES));
  const first = await fetchData(server, folder.path, 'kept');
  expect(server.asked).toHaveLength(1);
  server.answer = undefined;
  expect(await fetchData(server, folder.path, 'kept')).toEqual(first);
  expect(server.asked).toHaveLength(1);
});

it.each([
  { what: 'changed', change: (file: string) => writeFile(file, 'other') },
  { what: 'gone', change: (file: string) => rm(file) },
])('gets again what was kept and is $what, without a validator', async ({ change }) => {
  await using folder = await temporaryFolder();
  const server = fakeServer(await graphTarball(GRAPH_FILES), { etag: '"1"' });
  for (const freshness of ['kept', 'now'] as const) {
    const data = await fetchData(server, folder.path, freshness);
    await change(data.file);
    expect(await fetchData(server, folder.path, freshness)).toEqual(data);
    expect((await readFile(data.file)).equals(server.answer as Buffer)).toBe(true);
    expect(server.asked.at(-1)?.validators).toBeUndefined();
  }
});

it('keeps nothing for another URL, and no secret of any', async () => {
  await using folder = await temporaryFolder();
  const server = fakeServer(await graphTarball(GRAPH_FILES), { etag: '"1"' });
  await fetchData(server, folder.path);
  await fetchData(server, folder.path, 'kept', new URL('https://other.example.com/graph-data'));
  expect(server.asked.map(({ validators }) => validators)).toEqual([undefined, undefined]);
  const record = await readFile(`${folder.path}/graph-data.json`, 'utf8');
  expect(record).not.toContain('secret');
  await writeFile(`${folder.path}/graph-data.json`, '{"url":');
  await fetchData(server, folder.path, 'kept');
  expect(server.asked).toHaveLength(3);
});

it('refuses what is no graph data, naming the URL without its secrets, and keeps what it has', async () => {
  await using folder = await temporaryFolder();
  const server = fakeServer(await graphTarball(GRAPH_FILES));
  const data = await fetchData(server, folder.path);
  server.answer = Buffer.from('<html>Service unavailable</html>');
  const error: unknown = await fetchData(server, folder.path).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'GRAPH_DATA_INVALID', remedy: 'retry-later' });
  const { message, hint } = error as ControllerError;
  expect(message).toContain('https://graph.example.com/graph-data');
  expect(message).toContain('is a web page');
  expect(hint).toContain('gzip tar');
  expect(message + String(hint)).not.toContain('secret');
  expect(await fetchData(server, folder.path, 'kept')).toEqual(data);
});

it('fails where there are none, and where the server does', async () => {
  await using folder = await temporaryFolder();
  const down = new ControllerError('DOWNLOAD_FAILED', 'no answer', { remedy: 'retry-later' });
  for (const answer of [undefined, down]) {
    const failing = fetchData(fakeServer(answer), folder.path);
    await expect(failing).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  }
});
