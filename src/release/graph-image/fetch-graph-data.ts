import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { ControllerError } from '../../base/controller-error.ts';
import {
  contentFile,
  readSmallFile,
  writeContent,
  writeSmallFile,
} from '../../built/built-content.ts';
import { Digest, digestOf } from '../../oci/digest.ts';
import { openInside } from '../../store/layout-files.ts';
import { isMissing, storeFailure } from '../../store/store-failure.ts';
import type { Validators, WebClient } from '../../web/web-client.ts';
import { shownUrl } from '../../web/web-url.ts';
import type { Freshness } from '../release-sources.ts';
import { graphDataFailure } from './graph-data-invalid.ts';
import type { GraphData } from './graph-image.ts';
import { GRAPH_LIMITS, readGraphTarball } from './graph-tarball.ts';

export interface FetchGraphDataOptions {
  readonly web: WebClient;
  /** Of the tarball. */
  readonly url: URL;
  /** Keeps the tarball; can be thrown away at any time. */
  readonly folder: string;
  readonly freshness: Freshness;
}

/** Beside the tarball: what it came with. */
const RECORD_FILE = 'graph-data.json';
const Kept = z.object({
  /** Digest of the URL, which may hold a password. */
  url: Digest,
  data: Digest,
  tarball: Digest,
  etag: z.string().exactOptional(),
  lastModified: z.string().exactOptional(),
});
type Kept = z.infer<typeof Kept>;

/**
 * The graph data as they are now, or as they were kept; what is kept is not sent again as long as the server says that it
 * did not change.
 * @throws ControllerError DOWNLOAD_FAILED, GRAPH_DATA_INVALID where the answer is no graph data, STORE_UNAVAILABLE
 */
export async function fetchGraphData(
  { web, url, folder, freshness }: FetchGraphDataOptions,
  signal: AbortSignal,
): Promise<GraphData> {
  const kept = await readKept(folder, url, signal);
  if (kept !== undefined && freshness === 'kept') return dataOf(folder, kept);
  const validators = kept && validatorsOf(kept);
  const limitBytes = GRAPH_LIMITS.tarballBytes;
  const request = { limitBytes, ...(validators && { validators }) };
  const answer = await web.get(url, request, signal);
  if (answer.kind === 'unchanged' && kept !== undefined) return dataOf(folder, kept);
  if (answer.kind !== 'found') {
    throw new ControllerError('DOWNLOAD_FAILED', `there are no graph data at ${shownUrl(url)}`, {
      remedy: 'retry-later',
      hint: 'Check the URL of the graph data: releases.graphDataUrl in the settings, GRAPH_DATA_URL_OVERRIDE for mirror.',
    });
  }
  const data = await digestOfData(answer.body, url, signal);
  const { digest: tarball } = await writeContent(folder, [answer.body], signal);
  const fetched = { url: digestOfUrl(url), data, tarball, ...answer.validators };
  await writeSmallFile(folder, RECORD_FILE, `${JSON.stringify(fetched)}\n`, signal);
  return dataOf(folder, fetched);
}

function dataOf(folder: string, { data, tarball }: Kept): GraphData {
  return { digest: data, file: join(folder, contentFile(tarball)) };
}

function validatorsOf({ etag, lastModified }: Kept): Validators | undefined {
  if (etag === undefined && lastModified === undefined) return undefined;
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

/** Reads all of the tarball. */
async function digestOfData(body: Uint8Array, url: URL, signal: AbortSignal): Promise<Digest> {
  const reading = readGraphTarball(oneChunk(body));
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await reading.next();
      if (next.done === true) return next.value.digest;
    }
  } catch (error) {
    throw graphDataFailure(error, shownUrl(url));
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** What is kept of the URL, if the tarball is still what it was. */
async function readKept(folder: string, url: URL, signal: AbortSignal): Promise<Kept | undefined> {
  const text = await readSmallFile(folder, RECORD_FILE, signal);
  const kept = text === undefined ? undefined : parseKept(text.toString('utf8'));
  if (kept?.url !== digestOfUrl(url)) return undefined;
  return (await digestOfFile(folder, kept.tarball, signal)) === kept.tarball ? kept : undefined;
}

function parseKept(text: string): Kept | undefined {
  try {
    return Kept.safeParse(JSON.parse(text)).data;
  } catch {
    // Whatever is there, it was not written by us.
    return undefined;
  }
}

async function digestOfFile(
  folder: string,
  tarball: Digest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await using body = await openInside(folder, contentFile(tarball), signal);
    for await (const chunk of body) hash.update(chunk);
    return `sha256:${hash.digest('hex')}`;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storeFailure(error, `reading ${folder}`);
  }
}

function digestOfUrl(url: URL): Digest {
  return digestOf(Buffer.from(url.href));
}
