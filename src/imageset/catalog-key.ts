import { ControllerError } from '../base/controller-error.ts';
import { type Reference, parseReference } from '../oci/reference.ts';

/**
 * The name under which a catalog may stand only once: its reference with `targetCatalog` and `targetTag` put in
 * (spec, config-and-outputs, 1.5, "Unique name"). Undefined for a reference that cannot be read.
 */
export function catalogKey(entry: {
  readonly catalog: string;
  readonly targetCatalog?: string;
  readonly targetTag?: string;
}): string | undefined {
  const reference = readableReference(entry.catalog);
  if (reference === undefined) return undefined;
  const { targetCatalog, targetTag } = entry;
  if (reference.kind === 'layout') {
    return `oci://${targetCatalog ?? reference.directory}:${targetTag ?? 'latest'}`;
  }
  const name = `${reference.registry}/${targetCatalog ?? reference.path}`;
  if (targetTag !== undefined) return `${name}:${targetTag}`;
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return `${name}${tag}${reference.digest === undefined ? '' : `@${reference.digest}`}`;
}

function readableReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}
