import { compareText } from '../base/compare-text.ts';
import { type Place, formatPlace } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import { formatResource } from './format-resource.ts';
import type { PublishedCatalog } from './published-catalog.ts';
import type { ResourceKind } from './render-resources.ts';

/** How the resources of catalogs are written; all but `naming` is in the settings of a mirror. */
export interface CatalogRendering {
  /**
   * `digest`: what the branch says is what a cluster has, but where it polls by itself; `tag`: as the reference
   * tool (design.md, section 5, step 6).
   */
  readonly naming: 'digest' | 'tag';
  /** Kinds that the cluster does not know, and that are left out. */
  readonly omit: readonly string[];
  readonly argocd: boolean;
  /** Of every CatalogSource, beside those of its template. */
  readonly catalogSource: { readonly secrets: readonly string[] };
}

/** Name and text. */
type File = readonly [string, string];

/** Argo CD makes these when all of wave 0 is there: with the mirror sets, bundles can be pulled. */
const BEHIND_MIRROR_SETS = { 'argocd.argoproj.io/sync-wave': '1' };

/**
 * The CatalogSource and ClusterCatalog of each catalog, by file name, sorted (spec, config-and-outputs, 4.4 and
 * 4.5). Without the reference tool's annotations, which would change with every pass.
 */
export function renderCatalogs(
  catalogs: readonly PublishedCatalog[],
  rendering: CatalogRendering,
): Map<string, string> {
  const filesOf = (kind: ResourceKind, prefix: string, make: typeof catalogSource): File[] => {
    if (rendering.omit.includes(kind)) return [];
    return catalogs.map((catalog) => {
      const name = `${prefix}-${catalog.name}`;
      return [`${name}.yaml`, formatResource(make(name, catalog, rendering))];
    });
  };
  const files = [
    ...filesOf('ClusterCatalog', 'cc', clusterCatalog),
    ...filesOf('CatalogSource', 'cs', catalogSource),
  ];
  return new Map(files.sort(([left], [right]) => compareText(left, right)));
}

function catalogSource(
  name: string,
  { place, digest, template }: PublishedCatalog,
  { naming, argocd, catalogSource: { secrets: own } }: CatalogRendering,
): object {
  const { labels, annotations: written, spec = {}, polls = false } = template ?? {};
  const annotations = { ...(argocd ? BEHIND_MIRROR_SETS : {}), ...written };
  const secrets = [...new Set([...own, ...(spec.secrets ?? [])])].sort(compareText);
  return {
    apiVersion: 'operators.coreos.com/v1alpha1',
    kind: 'CatalogSource' satisfies ResourceKind,
    metadata: {
      ...(isEmpty(annotations) ? {} : { annotations }),
      ...(labels === undefined || isEmpty(labels) ? {} : { labels }),
      name,
      namespace: 'openshift-marketplace',
    },
    spec: {
      ...spec,
      image: imageOf(place, digest, polls ? 'tag' : naming),
      ...(secrets.length === 0 ? {} : { secrets }),
      sourceType: 'grpc',
    },
  };
}

function clusterCatalog(
  name: string,
  { place, digest }: PublishedCatalog,
  { naming, argocd }: CatalogRendering,
): object {
  return {
    apiVersion: 'olm.operatorframework.io/v1',
    kind: 'ClusterCatalog' satisfies ResourceKind,
    metadata: { ...(argocd ? { annotations: BEHIND_MIRROR_SETS } : {}), name },
    spec: {
      priority: 0,
      source: { image: { ref: imageOf(place, digest, naming) }, type: 'Image' },
    },
  };
}

function imageOf(place: Place, digest: Digest, naming: CatalogRendering['naming']): string {
  return naming === 'tag' ? formatPlace(place) : `${place.host}/${place.repository}@${digest}`;
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
