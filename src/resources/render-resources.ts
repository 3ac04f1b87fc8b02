import { formatResource } from './format-resource.ts';
import type { MirrorSet, MirrorSets } from './mirror-sets.ts';

/** The kinds of resources that files are made of. */
export type ResourceKind =
  | 'ImageDigestMirrorSet'
  | 'ImageTagMirrorSet'
  | 'CatalogSource'
  | 'ClusterCatalog'
  | 'UpdateService'
  | 'ConfigMap';

/**
 * The files of `resources/`, by name (spec, config-and-outputs, 4.2), sorted by name; a file that would be
 * empty is not there. Without annotations, since they would change with every pass. In Argo CD mirror sets
 * belong to the sync wave 0, which is where a resource without an annotation is.
 */
export function renderResources(
  sets: MirrorSets,
  /** Kinds that the cluster does not know, and that are left out (`resources.omit` of the settings). */
  { omit }: { readonly omit: readonly string[] },
): Map<string, string> {
  const files = new Map<string, string>();
  const add = (kind: ResourceKind, name: string, documents: readonly object[]): void => {
    if (documents.length === 0 || omit.includes(kind)) return;
    files.set(name, documents.map((document) => `---\n${formatResource(document)}`).join(''));
  };
  add('ImageDigestMirrorSet', 'idms-oc-mirror.yaml', sets.idms.map(imageDigestMirrorSet));
  add('ImageTagMirrorSet', 'itms-oc-mirror.yaml', sets.itms.map(imageTagMirrorSet));
  return files;
}

function imageDigestMirrorSet({ category, entries }: MirrorSet): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ImageDigestMirrorSet' satisfies ResourceKind,
    metadata: { name: `idms-${category}-0` },
    spec: { imageDigestMirrors: entries },
  };
}

function imageTagMirrorSet({ category, entries }: MirrorSet): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ImageTagMirrorSet' satisfies ResourceKind,
    metadata: { name: `itms-${category}-0` },
    spec: { imageTagMirrors: entries },
  };
}
