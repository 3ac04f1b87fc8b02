import type { ImageTarget } from '../../../src/oci/ends.ts';
import type { MadeImage } from '../make-image.ts';

/** Puts an image to any target, blobs and children first, the top manifest under the tag (without one: by its digest). */
export async function putMadeImage(
  target: ImageTarget,
  image: MadeImage,
  tag?: string,
): Promise<void> {
  const { signal } = new AbortController();
  for (const [digest, bytes] of image.blobs) {
    const blob = { mediaType: 'application/octet-stream', digest, size: bytes.length };
    const upload = await target.beginBlob(blob, { from: target.repository }, signal);
    await upload?.finish(once(bytes), signal);
  }
  for (const manifest of image.manifests) {
    const isTagged = manifest === image.top && tag !== undefined;
    await target.putManifest(
      manifest,
      isTagged ? { kind: 'tag', tag } : { kind: 'digest', digest: manifest.digest },
      signal,
    );
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
