import { z } from 'zod';
import { ControllerError } from '../../base/controller-error.ts';
import type { Digest } from '../../oci/digest.ts';
import { type RegistryReference, parseReference } from '../../oci/reference.ts';
import { SignatureFault, shown } from './signature-fault.ts';

const TYPE = 'atomic container signature';

/** What a signature of an image says; nothing else may be in it (spec, releases-helm, 3.1 and 3.3). */
const SignedText = z.strictObject({
  critical: z.strictObject({
    type: z.string(),
    image: z.strictObject({ 'docker-manifest-digest': z.string() }),
    identity: z.strictObject({ 'docker-reference': z.string() }),
  }),
  optional: z
    .strictObject({ creator: z.string().optional(), timestamp: z.number().optional() })
    .optional(),
});

/**
 * What the image that a text speaks of is called, by tag.
 * @throws SignatureFault where the text speaks of another image than the payload, or of none.
 */
export function readSignedText(text: Uint8Array, payload: Digest): RegistryReference {
  const { critical } = parse(text);
  if (critical.type !== TYPE)
    throw new SignatureFault(`its type is "${shown(critical.type)}", not "${TYPE}"`);
  const digest = critical.image['docker-manifest-digest'];
  if (digest !== payload) throw new SignatureFault(`it is of another image, "${shown(digest)}"`);
  const name = critical.identity['docker-reference'];
  const reference = taggedReference(name);
  if (reference !== undefined && (reference.digest ?? payload) === payload) return reference;
  throw new SignatureFault(
    `its docker-reference "${shown(name)}" does not name the image by a tag in a registry`,
  );
}

function parse(text: Uint8Array): z.infer<typeof SignedText> {
  let value: unknown;
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    value = JSON.parse(decoder.decode(text));
  } catch (cause) {
    throw new SignatureFault('what it signs is no JSON', { cause });
  }
  const checked = SignedText.safeParse(value);
  if (checked.success) return checked.data;
  const problems = shown(z.prettifyError(checked.error));
  throw new SignatureFault(`what it signs is not about an image: ${problems}`);
}

function taggedReference(text: string): RegistryReference | undefined {
  // A reference without tag and digest would be read as `latest`.
  const lastPart = text.slice(text.lastIndexOf('/') + 1).split('@')[0] ?? '';
  if (!lastPart.includes(':')) return undefined;
  try {
    const reference = parseReference(text);
    return reference.kind === 'registry' ? reference : undefined;
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}
