import { ControllerError } from '../base/controller-error.ts';
import type { BlobBody, ImageSource } from '../oci/ends.ts';
import { manifestBytes } from '../oci/manifest.ts';
import { openInside } from '../store/layout-files.ts';
import { isMissing, storeFailure } from '../store/store-failure.ts';
import { contentFile, readContent } from './built-content.ts';

/**
 * Images that were built in the folder: what they have of their own comes from there, the rest from the image
 * that they were made of. They have no tags, and the signatures of the source are not theirs.
 */
export function openBuiltImage(folder: string, source: ImageSource): ImageSource {
  const name = `${source.name} (rebuilt)`;
  return {
    name,
    async readManifest(reference, signal) {
      if (reference.kind === 'tag') {
        throw new ControllerError('REGISTRY_NOT_FOUND', `${name} has no tag ${reference.tag}`, {
          remedy: 'wait-for-change',
        });
      }
      const { digest } = reference;
      const bytes = await readContent(folder, digest, signal);
      if (bytes === undefined) return source.readManifest(reference, signal);
      return { ...manifestBytes(bytes, undefined, `${name}@${digest}`), digest };
    },
    async openBlob(blob, signal): Promise<BlobBody> {
      try {
        return await openInside(folder, contentFile(blob.digest), signal);
      } catch (error) {
        if (isMissing(error)) return source.openBlob(blob, signal);
        throw storeFailure(error, `reading ${blob.digest} of ${folder}`);
      }
    },
    findAttachments: () => Promise.resolve({ tags: [], referrers: [] }),
  };
}
