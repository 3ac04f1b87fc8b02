import { z } from 'zod';
import { DeleteImageSetConfiguration, ImageSetConfiguration } from './image-set-schema.ts';

/** The JSON Schema (draft-07, which editors read) of both kinds. Rules between fields are not in it. */
export function imageSetSchema(): Record<string, unknown> {
  const either = z.union([ImageSetConfiguration, DeleteImageSetConfiguration]).meta({
    title: 'Image sets',
    description: 'ImageSetConfiguration or DeleteImageSetConfiguration of mirror.openshift.io.',
  });
  return z.toJSONSchema(either, { target: 'draft-7', io: 'input' });
}
