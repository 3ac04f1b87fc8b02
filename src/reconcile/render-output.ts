import { type Lock, formatLock } from '../lock/lock.ts';
import { absolutePlace } from '../oci/destination.ts';
import { mirrorSets } from '../resources/mirror-sets.ts';
import { publishedCatalogs } from '../resources/published-catalog.ts';
import { renderCatalogs } from '../resources/render-catalogs.ts';
import { renderKustomization } from '../resources/render-kustomization.ts';
import { renderResources } from '../resources/render-resources.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import { LOCK_FILE } from './manifests-branch.ts';
import type { MirrorFiles } from './read-mirror-files.ts';

/**
 * The output folder of a mirror, by path below it: everything is made from the lock, orphans included, since
 * clusters may still pull them (design.md, section 5, step 6).
 */
export function renderOutput(
  lock: Lock,
  mirror: MirrorSettings,
  templates: MirrorFiles['templates'],
): Map<string, string> {
  const resources = renderLockedResources(lock, mirror, templates);
  const files = new Map([...resources].map(([name, text]) => [`resources/${name}`, text]));
  files.set('kustomization.yaml', renderKustomization(resources.keys()));
  files.set(LOCK_FILE, formatLock(lock));
  return files;
}

/** The files of `resources/` alone, by name. */
export function renderLockedResources(
  lock: Lock,
  { destination, resources }: MirrorSettings,
  /** Texts of CatalogSource templates, by path. */
  templates: MirrorFiles['templates'],
): Map<string, string> {
  const images = lock.images.flatMap(({ destination: relative, source, kind }) => {
    const place = absolutePlace(relative, destination);
    return place === undefined ? [] : [{ source, place, kind }];
  });
  const sets = mirrorSets(images, {
    scope: resources.scope,
    nested: destination.maxNestedPaths > 0,
  });
  const catalogs = publishedCatalogs(lock, templates);
  return new Map([
    ...renderCatalogs(catalogs, { ...resources, naming: 'digest' }),
    ...renderResources(sets, resources),
  ]);
}
