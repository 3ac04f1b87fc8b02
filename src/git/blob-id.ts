import { createHash } from 'node:crypto';

/** The id that Git gives a content. Source: git-hash-object(1). */
export function blobIdOf(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex');
}
