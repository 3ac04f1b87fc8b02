import { writeFile } from 'node:fs/promises';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { WantedImage } from '../../lock/wanted-image.ts';
import { mirrorSets } from '../../resources/mirror-sets.ts';
import { renderResources } from '../../resources/render-resources.ts';
import type { MirrorLog } from './mirror-log.ts';
import { pinConfigurations } from './pinned-configurations.ts';
import { type Workspace, replaceResources, shownResource } from './workspace.ts';

/** Writes the pinned configurations into the workspace; a failure only warns (spec, config-and-outputs, section 7). */
export async function writePinned(
  documents: readonly ImageSetDocument[],
  {
    workspace,
    log,
    now,
  }: { readonly workspace: Workspace; readonly log: MirrorLog; readonly now: Date },
): Promise<void> {
  log.info('Generating pinned configurations...');
  const pinned = pinConfigurations(documents, now);
  for (const [kind, label] of [
    ['mirror', 'ISC'],
    ['delete', 'DISC'],
  ] as const) {
    const name = pinned.fileNames[kind];
    try {
      await writeFile(workspace.path(name), pinned[kind], { mode: 0o644 });
      log.info(`Pinned ${label} written to: ${workspace.shown(name)}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`pinned ${label} not written to ${workspace.shown(name)}: ${reason}`);
    }
  }
}

/**
 * Writes the cluster resources of what is at the destination (spec, config-and-outputs, 4.1). Where nothing is, those
 * of the last run stay: a source that cannot be reached must not take the mirrors out of a cluster.
 * @throws ControllerError STATE_UNAVAILABLE
 */
export async function writeResources(
  images: readonly WantedImage[],
  {
    workspace,
    log,
    nested,
  }: { readonly workspace: Workspace; readonly log: MirrorLog; readonly nested: boolean },
): Promise<void> {
  log.info('📄 Generating cluster resources...');
  if (images.length === 0) {
    log.info('📄 Nothing mirrored. The cluster resources stay as they are.');
    return;
  }
  const files = renderResources(mirrorSets(images, { scope: 'namespace', nested }), { omit: [] });
  await replaceResources(workspace, files);
  for (const name of files.keys()) log.info(`${shownResource(workspace, name)} file created`);
}
