import { ControllerError } from '../base/controller-error.ts';
import { type Destination, type Place, placeBelow } from '../oci/destination.ts';
import { digestTag } from '../oci/digest.ts';
import { type RegistryReference, isTag } from '../oci/reference.ts';

/** Where the payload of a release goes (spec, releases-helm, 2.3). @throws ControllerError PAYLOAD_INVALID for what is no tag. */
export function placePayload(release: string, destination: Destination): Place {
  return placeBelow(destination, 'openshift/release-images', checked(release));
}

/**
 * Where a component goes: `RELEASE-NAME`; one without a name keeps its own path (spec, releases-helm, 2.3).
 * @throws ControllerError PAYLOAD_INVALID for what is no tag.
 */
export function placeComponent(
  release: string,
  { name, reference }: { readonly name: string; readonly reference: RegistryReference },
  destination: Destination,
): Place {
  if (name !== '') {
    return placeBelow(destination, 'openshift/release', checked(`${release}-${name}`));
  }
  const { digest, tag = 'latest' } = reference;
  return placeBelow(
    destination,
    reference.path,
    checked(digest === undefined ? tag : digestTag(digest)),
  );
}

/** Where the graph image goes (spec, releases-helm, 4.1). */
export function placeGraphImage(destination: Destination): Place {
  return placeBelow(destination, 'openshift/graph-image', 'latest');
}

function checked(tag: string): string {
  if (isTag(tag)) return tag;
  throw new ControllerError('PAYLOAD_INVALID', `"${tag.slice(0, 200)}" is no tag`, {
    remedy: 'wait-for-change',
    hint: 'A tag has at most 128 letters, digits, ".", "_" and "-". Tell who builds the release.',
  });
}
