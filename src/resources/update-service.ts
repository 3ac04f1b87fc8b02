import type { ImageKind } from '../lock/wanted-image.ts';
import { compareText } from '../base/compare-text.ts';
import { type Place, formatPlace } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { CatalogRendering } from './render-catalogs.ts';
import { formatResource } from './format-resource.ts';
import type { ResourceKind } from './render-resources.ts';
import { routeLabel } from './route-label.ts';

/** What an UpdateService serves. */
export interface ServedReleases {
  readonly graph: { readonly place: Place; readonly digest: Digest };
  /** `host/repository` of the payloads: the operator looks at all tags there. */
  readonly releases: string;
}

/** An image at its place. */
export interface ServedImage {
  readonly kind: ImageKind;
  readonly place: Place;
  readonly digest: Digest;
  /** Nobody wants it any more, though it is still there. */
  readonly isOrphan?: boolean;
}

const NAME = { name: 'update-service-oc-mirror', namespace: 'openshift-update-service' };
const FILE = 'updateService.yaml';

/**
 * Argo CD makes it when the catalogs of wave 1 are there, one of which may bring the operator; until the operator has
 * told the cluster what an UpdateService is, the other waves are applied all the same.
 */
const BEHIND_CATALOGS = {
  'argocd.argoproj.io/sync-options': 'SkipDryRunOnMissingResource=true',
  'argocd.argoproj.io/sync-wave': '2',
};

/**
 * What there is to serve: a graph image and at least one payload (spec, releases-helm, 4.4, with Q4.3 and Q4.4 mended).
 * Of several graph images or repositories, as a changed `maxNestedPaths` leaves them, the ones that are wanted count.
 */
export function servedReleases(images: readonly ServedImage[]): ServedReleases | undefined {
  const graph = preferred(images, 'graph');
  const payload = preferred(images, 'release');
  if (graph === undefined || payload === undefined) return undefined;
  const { host, repository } = payload.place;
  return {
    graph: { place: graph.place, digest: graph.digest },
    releases: `${host}/${repository}`,
  };
}

/**
 * `updateService.yaml` (spec, config-and-outputs, 4.6), unless the kind is left out. Without the reference tool's
 * annotations, which would change with every pass.
 */
export function renderUpdateService(
  served: ServedReleases | undefined,
  { naming, omit, argocd }: Pick<CatalogRendering, 'naming' | 'omit' | 'argocd'>,
): Map<string, string> {
  const kind = 'UpdateService' satisfies ResourceKind;
  if (served === undefined || omit.includes(kind)) return new Map();
  const { place, digest } = served.graph;
  const resource = {
    apiVersion: 'updateservice.operator.openshift.io/v1',
    kind,
    metadata: { ...(argocd ? { annotations: BEHIND_CATALOGS } : {}), ...NAME },
    spec: {
      graphDataImage:
        naming === 'tag' ? formatPlace(place) : `${place.host}/${place.repository}@${digest}`,
      releases: served.releases,
      replicas: 2,
    },
  };
  return new Map([[FILE, formatResource(resource)]]);
}

/** Where clusters reach the UpdateService: known before the operator says so, since it makes the name itself. */
export function updateServiceUrl(appsDomain: string): string {
  return `https://${routeLabel(NAME)}.${appsDomain}/api/upgrades_info/v1/graph`;
}

function preferred(images: readonly ServedImage[], kind: ImageKind): ServedImage | undefined {
  const candidates = images.filter((image) => image.kind === kind);
  const wanted = candidates.filter(({ isOrphan }) => isOrphan !== true);
  const [first] = (wanted.length > 0 ? wanted : candidates).toSorted((a, b) =>
    compareText(formatPlace(a.place), formatPlace(b.place)),
  );
  return first;
}
