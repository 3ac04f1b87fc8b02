import { createHash } from 'node:crypto';
import { parse } from 'semver';
import { LayerFault } from '../../layer/layer-fault.ts';
import { pathParts } from '../../layer/layer-path.ts';
import type { TarEntry } from '../../layer/tar-header.ts';
import { createTarReader } from '../../layer/tar-reader.ts';
import { unpacked } from '../../layer/unpack-layer.ts';
import type { Digest } from '../../oci/digest.ts';

export interface GraphLimits {
  readonly tarBytes: number;
  readonly entries: number;
}

/** What graph data may be at most: a thousand times what they are. */
export const GRAPH_LIMITS = {
  /** As it comes, bytes. */
  tarballBytes: 64 * 1024 ** 2,
  /** Unpacked, bytes. */
  tarBytes: 512 * 1024 ** 2,
  entries: 200_000,
} as const;

/** What a tarball of graph data holds (spec, releases-helm, 4.1). Paths are relative, without `.` and empty parts. */
export interface GraphTarball {
  /** Of the unpacked tar. */
  readonly digest: Digest;
  /** Named ones, and those that have something in them. */
  readonly folders: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, GraphFile>;
}

/** Where the content of a file is among the contents of all of them. */
export interface GraphFile {
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** A version is shorter. */
const VERSION_BYTES = 100;
/** Of the schema of graph data that we know. */
const MAJOR = 1;
const WEB_PAGE = /^\s{0,100}</;

/**
 * Reads a tarball of graph data to its end: gives the contents of its files, one after the other, and returns what they are.
 * @throws LayerFault where it is none, or more than the limits
 */
export async function* readGraphTarball(
  tarball: AsyncIterable<Uint8Array>,
  limits: GraphLimits = GRAPH_LIMITS,
): AsyncGenerator<Uint8Array, GraphTarball> {
  const hash = createHash('sha256');
  const folders = new Set<string>();
  const files = new Map<string, GraphFile>();
  let contents: Uint8Array[] = [];
  let offset = 0;
  let entries = 0;
  let isVersion = false;
  let version = '';
  let isFirst = true;

  const reader = createTarReader({
    entry(entry) {
      entries += 1;
      if (entries > limits.entries)
        throw new LayerFault(`it has more than ${limits.entries} entries`);
      const path = checkedPath(entry);
      if (entry.kind === 'directory') {
        addFolder(path);
        return false;
      }
      addFolder(path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
      if (folders.has(path)) throw new LayerFault(`${shown(path)} is a file and a folder in it`);
      // Of several the last counts, as when a tar is unpacked.
      files.set(path, { offset, size: entry.size });
      offset += entry.size;
      isVersion = path === 'version';
      if (isVersion) version = '';
      return true;
    },
    data(bytes) {
      contents.push(Uint8Array.from(bytes));
      if (isVersion && version.length <= VERSION_BYTES)
        version += Buffer.from(bytes.subarray(0, VERSION_BYTES + 1)).toString('latin1');
    },
    end() {
      isVersion = false;
    },
  });

  function addFolder(path: string): void {
    for (let folder = path; folder !== ''; folder = parentOf(folder)) {
      if (files.has(folder)) throw new LayerFault(`${shown(folder)} is a file and a folder in it`);
      folders.add(folder);
    }
  }

  for await (const chunk of unpacked(tarball, limits.tarBytes)) {
    if (isFirst) refuseWebPage(chunk);
    isFirst = false;
    hash.update(chunk);
    reader.feed(chunk);
    yield* contents;
    contents = [];
  }
  reader.finish();
  checkContent(files, version);
  return { digest: `sha256:${hash.digest('hex')}` as Digest, folders, files };
}

function checkedPath({ path, kind }: TarEntry): string {
  if (path.startsWith('/')) throw new LayerFault(`the path ${shown(path)} is absolute`);
  const parts = pathParts(path);
  if (kind === 'other') throw new LayerFault(`${shown(path)} is a link or a device`);
  if (kind === 'file' && parts.length === 0) throw new LayerFault('a file in it has no name');
  if (path.includes('\uFFFD')) throw new LayerFault(`the path ${shown(path)} is not UTF-8`);
  // In a layer it would hide what is below it.
  if (parts.some((part) => part.startsWith('.wh.')))
    throw new LayerFault(`the path ${shown(path)} would be a whiteout in an image`);
  return parts.join('/');
}

function checkContent(files: ReadonlyMap<string, GraphFile>, version: string): void {
  if (!files.has('version')) throw new LayerFault('it has no file "version"');
  const schema = parse(version.trim());
  if (schema?.major !== MAJOR)
    throw new LayerFault(`its version is ${shown(version.trim())}, and only ${MAJOR}.x is known`);
  const hasChannels = [...files.keys()].some((path) => path.startsWith('channels/'));
  if (!hasChannels) throw new LayerFault('it has no file in the folder "channels"');
}

function refuseWebPage(start: Uint8Array): void {
  const text = Buffer.from(start.subarray(0, 200)).toString('latin1');
  if (WEB_PAGE.test(text)) throw new LayerFault('it is a web page, no tarball');
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 300));
}
