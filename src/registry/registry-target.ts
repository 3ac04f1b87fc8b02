import type { ImageTarget } from '../oci/ends.ts';
import { beginBlob } from './api/begin-blob.ts';
import { deleteManifest, deleteTag } from './api/delete-manifest.ts';
import type { AttachmentFinder } from './api/find-attachments.ts';
import { putManifest } from './api/put-manifest.ts';
import { findManifest, readManifest } from './api/read-manifest.ts';
import type { Repository } from './api/repository.ts';
import { listTags } from './api/tag-pages.ts';
import type { SharedWork } from './http/shared-work.ts';

/** A repository to write to. */
export function createRegistryTarget(
  place: { readonly host: string; readonly repository: string },
  {
    open,
    attachments,
    tagQuestions,
  }: {
    /** Throws what registries.conf refuses. */
    readonly open: () => Repository;
    readonly attachments: AttachmentFinder;
    readonly tagQuestions: SharedWork<boolean>;
  },
): ImageTarget {
  return {
    name: `${place.host}/${place.repository}`,
    scope: place.host,
    repository: place.repository,
    findManifest: async (reference, signal) => await findManifest(open(), reference, signal),
    readManifest: async (reference, signal) => await readManifest(open(), reference, signal),
    beginBlob: async (blob, options, signal) => await beginBlob(open(), blob, options, signal),
    async putManifest(manifest, reference, signal) {
      const repository = open();
      await putManifest(repository, manifest, reference, signal);
      if (reference.kind === 'tag') attachments.forget(repository, reference.tag);
    },
    findAttachments: async (digest, signal) => await attachments.find(open(), digest, signal),
    listTags: async (signal) => await listTags(open(), signal),
    async deleteManifest(digest, signal) {
      const repository = open();
      const isDeleted = await deleteManifest(repository, digest, signal);
      attachments.forget(repository, undefined);
      return isDeleted;
    },
    async deleteTag(tag, signal) {
      const repository = open();
      const isDeleted = await deleteTag(repository, tag, tagQuestions, signal);
      attachments.forget(repository, tag);
      return isDeleted;
    },
  };
}
