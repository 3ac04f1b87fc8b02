import { z } from 'zod';
import { ControllerError } from '../../base/controller-error.ts';
import { parseReference } from '../../oci/reference.ts';
import { PAYLOAD_LIMITS } from './limits.ts';
import type { PayloadComponent } from './payload-content.ts';
import { PayloadFault, shown } from './payload-fault.ts';

const NAME = /^[a-zA-Z0-9][\w.-]*$/;

const ImageReferences = z.object({
  kind: z.literal('ImageStream'),
  metadata: z.object({ name: z.string().optional().catch(undefined) }).optional(),
  spec: z.object({ tags: z.array(z.unknown()) }),
});
const Tag = z.object({
  name: z.string().nullish(),
  from: z.object({ name: z.string() }),
});

/**
 * Reads the file `image-references` (spec, releases-helm, 2.2). Every entry is taken, whatever it refers to; names and
 * references are checked, since places are made of them. `version`: '' where it says none.
 * @throws PayloadFault
 */
export function parseImageReferences(bytes: Uint8Array): {
  readonly version: string;
  readonly components: readonly PayloadComponent[];
} {
  const result = ImageReferences.safeParse(parseJson(bytes));
  if (!result.success) {
    const { path, message } = result.error.issues[0] ?? { path: [], message: '' };
    const at = path.length === 0 ? '' : ` at ${path.join('.')}`;
    throw fault(`is no image stream: ${message}${at}`, result.error);
  }
  const { metadata, spec } = result.data;
  if (spec.tags.length > PAYLOAD_LIMITS.components) {
    throw fault(
      `has ${spec.tags.length} components, more than the ${PAYLOAD_LIMITS.components} that are read`,
    );
  }
  const byName = new Map<string, string>();
  const components = spec.tags.map((tag, index) => {
    const component = parseTag(tag, index);
    const { name, reference } = component;
    if (name !== '' && (byName.get(name) ?? reference) !== reference) {
      throw fault(`has two images for the component ${shown(name)}`);
    }
    byName.set(name, reference);
    return component;
  });
  return { version: versionOf(metadata?.name), components };
}

/** What a payload calls itself, if that can be a version. */
export function versionOf(value: unknown): string {
  return typeof value === 'string' && /^[\w.+-]{1,128}$/.test(value) ? value : '';
}

/** Whether the text is a reference to an image in a registry. */
export function isRegistryReference(text: string): boolean {
  try {
    return parseReference(text).kind === 'registry';
  } catch (error) {
    if (error instanceof ControllerError) return false;
    throw error;
  }
}

function parseTag(tag: unknown, index: number): PayloadComponent {
  const result = Tag.safeParse(tag);
  if (!result.success) throw fault(`names no image at spec.tags.${index}`, result.error);
  const { from } = result.data;
  const name = result.data.name ?? '';
  if (name !== '' && !NAME.test(name)) {
    throw fault(`has a component ${shown(name)}, which is no name`);
  }
  if (!isRegistryReference(from.name)) {
    const which = name === '' ? `spec.tags.${index}` : shown(name);
    throw fault(`names ${shown(from.name)} at ${which}, which is no image of a registry`);
  }
  return { name, reference: from.name };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw fault('is not JSON', cause);
  }
}

function fault(what: string, cause?: unknown): PayloadFault {
  return new PayloadFault(`its image-references ${what}`, { cause });
}
