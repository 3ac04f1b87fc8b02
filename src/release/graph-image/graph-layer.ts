import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { type BuiltLayer, buildLayer } from '../../built/add-layers.ts';
import type { TarContent, TarEntry } from '../../built/tar-of.ts';
import { openInside } from '../../store/layout-files.ts';
import { storeFailure } from '../../store/store-failure.ts';
import { graphDataFailure } from './graph-data-invalid.ts';
import type { GraphData } from './graph-image.ts';
import { type GraphFile, type GraphTarball, readGraphTarball } from './graph-tarball.ts';

/** Where update services look for graph data in the image (spec, releases-helm, 4.1). */
const FOLDER = 'var/lib/cincinnati-graph-data';
const READ_BYTES = 256 * 1024;

/**
 * Writes the graph data as a layer: sorted, every folder named, owner 0, no times, the same modes everywhere. `/var` and
 * `/var/lib` are those of the base.
 * @throws ControllerError GRAPH_DATA_INVALID, DIGEST_MISMATCH where the file is not what it was, STORE_UNAVAILABLE
 */
export async function buildGraphLayer(
  data: GraphData,
  folder: string,
  signal: AbortSignal,
): Promise<BuiltLayer> {
  await using spool = await openSpool(folder);
  const tarball = await spoolContents(data, spool, signal);
  if (tarball.digest !== data.digest) {
    throw new ControllerError(
      'DIGEST_MISMATCH',
      `${data.file} has other graph data, whose digest is ${tarball.digest}`,
      { remedy: 'retry-later', hint: 'Remove the file: it is fetched again.' },
    );
  }
  // Awaited here, or the spool is closed before it is read.
  return await buildLayer(folder, entriesOf(tarball, spool), signal);
}

/** A file without a name, which is gone when it is closed, whatever happens. */
async function openSpool(folder: string): Promise<FileHandle> {
  const path = join(folder, 'unfinished', randomUUID());
  try {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, 'wx+', 0o600);
    await rm(path, { force: true });
    return handle;
  } catch (error) {
    throw storeFailure(error, `writing ${path}`);
  }
}

/** Writes the contents of the files to the spool. */
async function spoolContents(
  { file }: GraphData,
  spool: FileHandle,
  signal: AbortSignal,
): Promise<GraphTarball> {
  try {
    await using body = await openInside(dirname(file), basename(file), signal);
    const reading = readGraphTarball(body);
    for (;;) {
      signal.throwIfAborted();
      const next = await reading.next();
      if (next.done === true) return next.value;
      await spool.writeFile(next.value);
    }
  } catch (error) {
    throw graphDataFailure(storeFailure(error, `reading ${file}`), file);
  }
}

function entriesOf({ folders, files }: GraphTarball, spool: FileHandle): TarEntry[] {
  const all = [...folders, ...files.keys()].sort(compareText);
  return [
    { path: FOLDER, mode: 0o755 },
    ...all.map((path) => {
      const file = files.get(path);
      const entry = { path: `${FOLDER}/${path}`, mode: file === undefined ? 0o755 : 0o644 };
      return file === undefined ? entry : { ...entry, content: contentOf(file, spool) };
    }),
  ];
}

function contentOf({ offset, size }: GraphFile, spool: FileHandle): TarContent {
  return {
    size,
    async *read(signal) {
      for (let at = 0; at < size;) {
        signal.throwIfAborted();
        const length = Math.min(READ_BYTES, size - at);
        const { buffer, bytesRead } = await spool.read(
          Buffer.alloc(length),
          0,
          length,
          offset + at,
        );
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
  };
}
