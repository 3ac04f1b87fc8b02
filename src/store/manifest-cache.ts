import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ControllerError } from '../base/controller-error.ts';
import { type Log, silentLog } from '../base/log.ts';
import { untilSettled } from '../base/until-settled.ts';
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts';
import { MANIFEST_LIMIT_BYTES, type ManifestBytes } from '../oci/manifest.ts';
import { createByteLru } from './byte-lru.ts';

/**
 * Manifests by digest, so that what was read once is not asked for again: in memory, and on disk where
 * there is a folder. Disposable: what is lost or damaged is read again from where it came from.
 */
export interface ManifestCache {
  /** The manifest, if it is here. Never throws for the disk's sake. */
  get(digest: Digest): Promise<ManifestBytes | undefined>;
  /** Keeps a manifest. @throws DIGEST_MISMATCH when the bytes are not the digest's. */
  put(manifest: ManifestBytes): Promise<void>;
  /**
   * The manifest from here, else from `load`, which is kept. Callers that want one digest at the same time
   * share one load; where it fails, each of the others tries its own.
   */
  read(
    digest: Digest,
    load: (signal: AbortSignal) => Promise<ManifestBytes>,
    signal: AbortSignal,
  ): Promise<ManifestBytes>;
}

export interface ManifestCacheOptions {
  /** Where manifests are kept between processes; absent: in memory only. Made when it is missing. */
  readonly folder?: string;
  /** Most bytes on disk. */
  readonly limitBytes: number;
  /** Most bytes in memory; default 16 MiB. */
  readonly memoryBytes?: number;
  readonly log?: Log;
}

const MEMORY_BYTES = 16 * 1024 * 1024;
/** What the line with the media type may add to a manifest. */
const HEADER_LIMIT_BYTES = 256;
const MEDIA_TYPE = /^[\w.+/-]{1,200}$/;
const FILE_NAME = /^(sha256|sha384|sha512)-([0-9a-f]{64,128})$/;

export function createManifestCache(options: ManifestCacheOptions): ManifestCache {
  const { log = silentLog } = options;
  const memory = createByteLru<ManifestBytes>(options.memoryBytes ?? MEMORY_BYTES);
  const disk =
    options.folder === undefined ? undefined : createDisk(options.folder, options.limitBytes, log);
  const loading = new Map<Digest, Promise<void>>();

  async function get(digest: Digest): Promise<ManifestBytes | undefined> {
    const held = memory.get(digest);
    if (held !== undefined) return held;
    const stored = await disk?.get(digest);
    if (stored !== undefined) memory.set(digest, stored, stored.bytes.byteLength);
    return stored;
  }

  async function put(manifest: ManifestBytes): Promise<void> {
    if (!isIntact(manifest)) {
      throw new ControllerError('DIGEST_MISMATCH', `the manifest is not ${manifest.digest}`, {
        remedy: 'retry-later',
        hint: 'The source or something on the way changed the content.',
      });
    }
    const isNew = memory.get(manifest.digest) === undefined;
    memory.set(manifest.digest, manifest, manifest.bytes.byteLength);
    if (isNew) await disk?.put(manifest);
  }

  async function load(
    digest: Digest,
    from: (signal: AbortSignal) => Promise<ManifestBytes>,
    signal: AbortSignal,
  ): Promise<ManifestBytes> {
    const settled = Promise.withResolvers<undefined>();
    loading.set(digest, settled.promise);
    try {
      const { bytes, mediaType } = await from(signal);
      const manifest = { bytes, mediaType, digest };
      await put(manifest);
      return manifest;
    } finally {
      loading.delete(digest);
      settled.resolve(undefined);
    }
  }

  return {
    get,
    put,
    async read(digest, from, signal) {
      for (;;) {
        signal.throwIfAborted();
        const held = await get(digest);
        if (held !== undefined) return held;
        const other = loading.get(digest);
        if (other === undefined) return load(digest, from, signal);
        await untilSettled(other, signal);
      }
    },
  };
}

interface Disk {
  get(digest: Digest): Promise<ManifestBytes | undefined>;
  put(manifest: ManifestBytes): Promise<void>;
}

/** One file a manifest, `<algorithm>-<hex>`: a line with the media type, then the bytes. The oldest go first. */
function createDisk(folder: string, limitBytes: number, log: Log): Disk {
  const sizes = createByteLru<string>(limitBytes, (name) => {
    void rm(join(folder, name), { force: true }).catch(() => undefined);
  });
  let opened: Promise<void> | undefined;
  let isBroken = false;

  async function open(): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const files: { name: string; size: number; usedAt: number }[] = [];
    for (const name of await readdir(folder)) {
      if (!FILE_NAME.test(name)) continue;
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found !== undefined) files.push({ name, size: found.size, usedAt: found.mtimeMs });
    }
    for (const { name, size } of files.sort((a, b) => a.usedAt - b.usedAt)) {
      sizes.set(name, name, size);
    }
  }

  function broken(error: unknown): void {
    if (isBroken) return;
    isBroken = true;
    log.warn({ err: error, folder }, 'manifest cache cannot be written, going on without it');
  }

  return {
    async get(digest) {
      const path = join(folder, fileName(digest));
      const content = await readFile(path).catch(() => undefined);
      if (content === undefined) return undefined;
      const manifest = decode(digest, content);
      if (manifest === undefined) {
        await rm(path, { force: true }).catch(() => undefined);
        return undefined;
      }
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      sizes.get(fileName(digest));
      return manifest;
    },
    async put(manifest) {
      if (isBroken) return;
      const name = fileName(manifest.digest);
      try {
        opened ??= open();
        await opened;
        if (sizes.get(name) !== undefined) return;
        const content = Buffer.concat([Buffer.from(`${manifest.mediaType}\n`), manifest.bytes]);
        // In place: who reads half a manifest sees that it is not the digest's.
        await writeFile(join(folder, name), content, { mode: 0o600 });
        sizes.set(name, name, content.byteLength);
      } catch (error) {
        broken(error);
      }
    },
  };
}

function decode(digest: Digest, content: Buffer): ManifestBytes | undefined {
  if (content.byteLength > MANIFEST_LIMIT_BYTES + HEADER_LIMIT_BYTES) return undefined;
  const lineEnd = content.indexOf(0x0a);
  if (lineEnd < 0) return undefined;
  const mediaType = content.toString('latin1', 0, lineEnd);
  const manifest = { bytes: content.subarray(lineEnd + 1), mediaType, digest };
  return MEDIA_TYPE.test(mediaType) && isIntact(manifest) ? manifest : undefined;
}

function isIntact({ bytes, digest }: ManifestBytes): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}

function fileName(digest: Digest): string {
  return digest.replace(':', '-');
}
