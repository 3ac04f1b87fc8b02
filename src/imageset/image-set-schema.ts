import { z } from 'zod';
import { OperatorCatalogs } from './operators-content.ts';
import { AdditionalImage, BlockedImage, HelmContent, Samples } from './other-content.ts';
import { PlatformContent } from './platform-content.ts';

/** The API group of both kinds; a document of this group is ours. */
export const API_GROUP = 'mirror.openshift.io';
export const API_VERSION = `${API_GROUP}/v2alpha1`;
/** The first generation's version. Its files mostly work, so it is taken with a warning (design.md, section 8). */
export const OLD_API_VERSION = `${API_GROUP}/v1alpha2`;

const contentFields = {
  platform: PlatformContent.exactOptional(),
  operators: OperatorCatalogs.exactOptional(),
  additionalImages: z.array(AdditionalImage).describe('Images by reference.').exactOptional(),
  helm: HelmContent.exactOptional(),
  samples: Samples.exactOptional(),
};

/** What an image set asks for (spec, config-and-outputs, 1.2). A delete has no `blockedImages`. */
export const MirrorContent = z.strictObject({
  ...contentFields,
  blockedImages: z
    .array(BlockedImage)
    .describe('Images that are never mirrored, by pattern.')
    .exactOptional(),
});
export type MirrorContent = z.infer<typeof MirrorContent>;

const DeleteContent = z.strictObject(contentFields);

const apiVersion = z
  .enum([API_VERSION, OLD_API_VERSION])
  .describe(`${API_VERSION}; the older v1alpha2 is accepted with a warning.`);

export const ImageSetConfiguration = z
  .strictObject({
    apiVersion,
    kind: z.literal('ImageSetConfiguration'),
    archiveSize: z
      .int()
      .min(0, { error: 'a size cannot be negative' })
      .describe('Largest archive segment in GiB, mirror to disk only. 0 means 500, the default.')
      .exactOptional(),
    mirror: MirrorContent.describe('What to mirror.'),
  })
  .meta({
    title: 'ImageSetConfiguration',
    description: 'Images that a mirror registry should hold.',
  });

export const DeleteImageSetConfiguration = z
  .strictObject({
    apiVersion,
    kind: z.literal('DeleteImageSetConfiguration'),
    delete: DeleteContent.describe('What to delete.'),
  })
  .meta({
    title: 'DeleteImageSetConfiguration',
    description: 'Images to delete from a mirror registry.',
  });

/** The kinds of documents that are ours, by the value of `kind`. */
export const KINDS = {
  ImageSetConfiguration: { stanza: 'mirror', schema: ImageSetConfiguration },
  DeleteImageSetConfiguration: { stanza: 'delete', schema: DeleteImageSetConfiguration },
} as const;
export type KindName = keyof typeof KINDS;

export function isKindName(kind: unknown): kind is KindName {
  return typeof kind === 'string' && Object.hasOwn(KINDS, kind);
}
