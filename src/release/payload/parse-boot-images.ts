import { z } from 'zod';
import { readYaml } from '../../base/yaml-document.ts';
import { PAYLOAD_LIMITS } from './limits.ts';
import { isRegistryReference } from './parse-image-references.ts';
import { PayloadFault, shown } from './payload-fault.ts';

const ConfigMap = z.object({ data: z.object({ stream: z.string() }) });
const Stream = z.object({ architectures: z.record(z.string(), z.unknown()) });
const Architecture = z.object({
  images: z.object({ kubevirt: z.object({ 'digest-ref': z.string() }) }),
});

/**
 * The KubeVirt boot images by architecture; an architecture without one is left out (spec, releases-helm, 2.5).
 * @throws PayloadFault
 */
export function parseBootImages(bytes: Uint8Array): ReadonlyMap<string, string> {
  const text = Buffer.from(bytes).toString('utf8');
  const { documents, problems } = readYaml('boot images', text);
  const [document] = documents;
  const problem = problems[0] ?? document?.problems[0];
  if (problem !== undefined) throw new PayloadFault(problem.message);
  const configMap = ConfigMap.safeParse(document?.value);
  if (!configMap.success) throw new PayloadFault('it has no text at data.stream');
  const found = new Map<string, string>();
  for (const [architecture, value] of architecturesOf(configMap.data.data.stream)) {
    const parsed = Architecture.safeParse(value);
    if (!parsed.success) continue;
    const reference = parsed.data.images.kubevirt['digest-ref'];
    if (!reference.includes('@') || !isRegistryReference(reference)) {
      throw new PayloadFault(
        `it names ${shown(reference)} for ${shown(architecture)}, which is no image by digest`,
      );
    }
    found.set(architecture, reference);
  }
  return found;
}

function architecturesOf(stream: string): [string, unknown][] {
  let value: unknown;
  try {
    value = JSON.parse(stream);
  } catch (cause) {
    throw new PayloadFault('its data.stream is not JSON', { cause });
  }
  const result = Stream.safeParse(value);
  if (!result.success) throw new PayloadFault('its data.stream has no architectures');
  const architectures = Object.entries(result.data.architectures);
  if (architectures.length > PAYLOAD_LIMITS.architectures) {
    throw new PayloadFault(`it has ${architectures.length} architectures`);
  }
  return architectures;
}
