import { ControllerError } from '../../base/controller-error.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import type { Platform } from '../../oci/descriptor.ts';
import { type Destination, type Place, formatPlace } from '../../oci/destination.ts';
import { type RegistryReference, formatReference, parseReference } from '../../oci/reference.ts';
import type { PayloadComponent, PayloadContent } from '../../release/payload/payload-content.ts';
import { placeComponent, placePayload } from '../../release/release-places.ts';
import type { ImageRequest } from '../image-request.ts';
import { sortPlatforms } from '../resolve-images.ts';
import { type ChosenPayload, entriesOf } from './chosen-payload.ts';
import type { IdentifiedPayload } from './identify-payload.ts';

/** The images of a release: its payload is the last one, before it what it names and is not blocked. */
export interface ReleaseImages {
  readonly place: Place;
  readonly components: readonly Place[];
  readonly requests: readonly ImageRequest[];
}

/**
 * Lists the images of a release (spec, releases-helm, 2.3 and 2.5).
 * @param chosen the documents that want it; each blocks and filters for itself.
 * @throws ControllerError PAYLOAD_INVALID for names that make no tag, and references that are none.
 */
export function releaseImages(
  { digest, release, source }: IdentifiedPayload,
  content: PayloadContent,
  chosen: readonly ChosenPayload[],
  destination: Destination,
): ReleaseImages {
  const place = placePayload(release, destination);
  const all = askerOf(chosen);
  const requests = new Map<string, ImageRequest>();
  for (const { component, by } of wantedComponents(content, chosen)) {
    const allowed = by.filter(
      ({ request }) => request.blockedBy(component.reference) === undefined,
    );
    if (allowed.length === 0) continue;
    const reference = referenceOf(component, release);
    const at = placeComponent(release, { name: component.name, reference }, destination);
    const asker = allowed.length === chosen.length ? all : askerOf(allowed);
    requests.set(`${formatPlace(at)} ${component.reference}`, {
      name: component.reference,
      reference,
      place: at,
      kind: 'release-component',
      ...asker,
    });
  }
  const name = formatReference(source);
  return {
    place,
    components: [...requests.values()].map((request) => request.place),
    requests: [
      ...requests.values(),
      { name, reference: source, digest, place, kind: 'release', ...all },
    ],
  };
}

/**
 * The boot images that a document asks for, as components of the release; undefined where it asks for some and there is
 * none (spec, releases-helm, 2.5).
 */
export function bootImagesFor(
  { bootImages }: PayloadContent,
  { request }: Pick<ChosenPayload, 'request'>,
): PayloadComponent[] | undefined {
  const { bootImages: keys } = request;
  if (keys === undefined) return [];
  const found = keys.flatMap((key) => {
    const reference = bootImages?.get(key);
    const name = keys.length === 1 ? 'kube-virt-container' : `kube-virt-container-${key}`;
    return reference === undefined ? [] : [{ name, reference }];
  });
  return found.length === 0 ? undefined : found;
}

interface WantedComponent {
  readonly component: PayloadComponent;
  readonly by: readonly ChosenPayload[];
}

function* wantedComponents(
  content: PayloadContent,
  chosen: readonly ChosenPayload[],
): Generator<WantedComponent> {
  for (const component of content.components) yield { component, by: chosen };
  const boot = chosen.flatMap((one) =>
    (bootImagesFor(content, one) ?? []).map((component) => ({ component, one })),
  );
  const byName = Map.groupBy(boot, ({ component }) => `${component.name} ${component.reference}`);
  for (const same of byName.values()) {
    const [first] = same;
    if (first !== undefined) yield { component: first.component, by: same.map(({ one }) => one) };
  }
}

/** The entries and the platforms of all: every instance, if one of them wants every instance. */
function askerOf(chosen: readonly ChosenPayload[]): {
  readonly entries: readonly WantingEntry[];
  readonly platforms?: readonly Platform[];
} {
  const lists = chosen.map(({ request }) => request.platforms ?? []);
  const platforms = lists.some(({ length }) => length === 0)
    ? undefined
    : sortPlatforms(lists.flat());
  return { entries: entriesOf(chosen), ...(platforms === undefined ? {} : { platforms }) };
}

function referenceOf({ name, reference }: PayloadComponent, release: string): RegistryReference {
  const parsed = parseReference(reference);
  if (parsed.kind === 'registry') return parsed;
  throw new ControllerError(
    'PAYLOAD_INVALID',
    `the component "${name}" of ${release} is not at a registry: ${reference}`,
    { remedy: 'wait-for-change', hint: 'Tell who builds the release.' },
  );
}
