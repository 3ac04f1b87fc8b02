import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

/** An entry of a tarball; a text is a file. */
export type GraphEntry = string | Partial<Header>;

/** Entries by name, or in the order of a list. */
export type GraphEntries =
  Readonly<Record<string, GraphEntry>> | Iterable<readonly [string, GraphEntry]>;

export interface GraphTarballOptions {
  /** Of the entries; default: long ago. */
  readonly mtime?: Date;
  /** Of the entries' owner. */
  readonly owner?: number;
  readonly level?: number;
}

/** Graph data as the update service has them, small (spec, releases-helm, 4.1). */
export const GRAPH_FILES: Readonly<Record<string, GraphEntry>> = {
  './': { type: 'directory' },
  LICENSE: 'Apache License\n',
  version: '1.1.0\n',
  'raw/': { type: 'directory' },
  'raw/metadata.json': '{}\n',
  'channels/': { type: 'directory' },
  'channels/stable-4.18.yaml': 'name: stable-4.18\nversions: [4.18.1, 4.18.2]\n',
  'blocked-edges/4.18.4-SomeRisk.yaml': 'to: 4.18.4\nfrom: 4[.]18[.].*\nname: SomeRisk\n',
};

/** A tarball of the entries in their order. Same entries and options, same bytes. */
export async function graphTarball(
  files: GraphEntries,
  options: GraphTarballOptions = {},
): Promise<Buffer> {
  const { level = 6 } = options;
  return gzipSync(await graphTar(files, options), { level });
}

/** The same, without compression. */
export async function graphTar(
  files: GraphEntries,
  { mtime = new Date('2025-03-01T00:00:00Z'), owner = 1000 }: GraphTarballOptions = {},
): Promise<Buffer> {
  const tar = pack();
  const shared = { mtime, uid: owner, gid: owner };
  for (const [name, entry] of Symbol.iterator in files ? files : Object.entries(files)) {
    if (typeof entry === 'string') tar.entry({ name, ...shared, mode: 0o600 }, entry);
    else tar.entry({ name, ...shared, ...entry });
  }
  tar.finalize();
  return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
}
