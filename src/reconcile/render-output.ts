import { type Lock, type LockedRelease, formatLock } from '../lock/lock.ts';
import { absolutePlace } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import {
  renderClusterVersionUpstream,
  renderImageDigestSources,
} from '../resources/install-files.ts';
import { lockedSignatures } from '../resources/locked-signatures.ts';
import { mirrorSets } from '../resources/mirror-sets.ts';
import { publishedCatalogs } from '../resources/published-catalog.ts';
import { type RegistryCA, renderRegistryCA } from '../resources/registry-ca.ts';
import { renderCatalogs } from '../resources/render-catalogs.ts';
import { renderKustomization } from '../resources/render-kustomization.ts';
import { renderResources } from '../resources/render-resources.ts';
import { renderSignatureConfigMaps } from '../resources/signature-configmap.ts';
import { renderUpdateService, servedReleases } from '../resources/update-service.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import { LOCK_FILE } from './manifests-branch.ts';
import type { MirrorFiles } from './read-mirror-files.ts';

/** What the output folder is made of beside the lock and the settings. */
export interface OutputParts {
  /** Texts of CatalogSource templates, by path. */
  readonly templates: MirrorFiles['templates'];
  /** Signatures of releases that were verified, by the digest of their bytes. */
  readonly signatures: ReadonlyMap<Digest, Uint8Array>;
  /** What `resources.registryCAFile` has. */
  readonly registryCA?: RegistryCA | undefined;
}

export interface RenderedOutput {
  /** By path below the output folder. */
  readonly files: ReadonlyMap<string, string>;
  /** Signed releases whose signature is not among the known ones: the ConfigMap is without them. */
  readonly missingSignatures: readonly LockedRelease[];
}

/**
 * The output folder of a mirror: everything is made from the lock, orphans included, since clusters may still pull
 * them (design.md, section 5, step 6).
 */
export function renderOutput(
  lock: Lock,
  mirror: MirrorSettings,
  parts: OutputParts,
): RenderedOutput {
  const { files, missingSignatures } = renderLockedFiles(lock, mirror, parts);
  return { files: new Map([...files, [LOCK_FILE, formatLock(lock)]]), missingSignatures };
}

/** The files that are made from the lock, without the lock. */
export function renderLockedFiles(
  lock: Lock,
  { destination, resources: settings }: MirrorSettings,
  { templates, signatures, registryCA }: OutputParts,
): RenderedOutput {
  const images = lock.images.flatMap((line) => {
    const { source, kind, digest, wantedBy } = line;
    const place = absolutePlace(line.destination, destination);
    return place === undefined
      ? []
      : [{ source, place, kind, digest, isOrphan: wantedBy.length === 0 }];
  });
  const nested = destination.maxNestedPaths > 0;
  const sets = mirrorSets(images, { scope: settings.scope, nested });
  const rendering = { ...settings, naming: 'digest' } as const;
  const signed = lockedSignatures(lock, signatures);
  const updateService = renderUpdateService(servedReleases(images), rendering);
  const resources = new Map([
    ...renderCatalogs(publishedCatalogs(lock, templates), rendering),
    ...renderResources(sets, settings),
    ...(registryCA === undefined ? [] : renderRegistryCA(registryCA)),
    ...renderSignatureConfigMaps(signed.found, { json: false }),
    ...updateService,
  ]);
  const { appsDomain } = settings;
  const install = new Map([
    ...(appsDomain === undefined || updateService.size === 0
      ? []
      : renderClusterVersionUpstream(appsDomain)),
    ...renderImageDigestSources(images),
  ]);
  const files = new Map([
    ['kustomization.yaml', renderKustomization(resources.keys())],
    ...[...resources].map(([name, text]) => [`resources/${name}`, text] as const),
    ...[...install].map(([name, text]) => [`install/${name}`, text] as const),
  ]);
  return { files, missingSignatures: signed.missing };
}
