import { createHash } from 'node:crypto';
import type { Lock, LockedImage } from '../../src/lock/lock.ts';
import type { Digest } from '../../src/oci/digest.ts';

/** A lock of many images, and the image sets that want exactly them, by path. */
export interface LargeLock {
  readonly lock: Lock;
  readonly files: Readonly<Record<string, string>>;
}

/** Keeps every file below the megabyte that an image set may have. */
const IMAGES_PER_FILE = 8_000;

/**
 * @param destination host and path, as the lock writes it.
 * @param commit the source commit that the lock names.
 */
export function makeLargeLock(images: number, destination: string, commit: string): LargeLock {
  const lines: LockedImage[] = [];
  const files: Record<string, string> = {};
  for (let from = 0; from < images; from += IMAGES_PER_FILE) {
    const path = `sets/${String(from / IMAGES_PER_FILE).padStart(3, '0')}.yaml`;
    const names: string[] = [];
    for (let index = from; index < Math.min(images, from + IMAGES_PER_FILE); index += 1) {
      const place = `team-${index % 97}/component-${index}:v4.${index % 20}`;
      names.push(`quay.io/${place}`);
      lines.push({
        destination: place,
        digest: digestOf(index),
        source: `quay.io/${place}`,
        kind: 'additional',
        bytes: 1_000_000 + index,
        wantedBy: [path],
      });
    }
    files[path] = [
      'apiVersion: mirror.openshift.io/v2alpha1',
      'kind: ImageSetConfiguration',
      'mirror:',
      '  additionalImages:',
      ...names.map((name) => `    - name: ${name}`),
      '',
    ].join('\n');
  }
  const configurations = Object.entries(files).map(([path, text]) => ({
    path,
    blob: gitBlobId(text),
  }));
  return {
    files,
    lock: {
      ...{ version: 1, mirror: 'default', destination, source: { commit, branch: 'main' } },
      ...{ configurations, deletions: [], images: lines, deleting: [] },
      ...{ catalogs: [], bundles: [], releases: [] },
    },
  };
}

function digestOf(index: number): Digest {
  return `sha256:${createHash('sha256').update(String(index)).digest('hex')}` as Digest;
}

/** The id that Git gives a text. Source: git-hash-object(1). */
function gitBlobId(text: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');
}
