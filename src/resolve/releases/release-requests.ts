import type { FieldPath } from '../../base/field-path.ts';
import { formatField } from '../../base/field-path.ts';
import type { FieldProblem } from '../../base/field-problem.ts';
import { compileBlockedImages } from '../../imageset/compile-blocked-images.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { PlatformContent, ReleaseChannel } from '../../imageset/platform-content.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import { sortPlatforms } from '../resolve-images.ts';
import type { PlatformRequest, RequestedChannel } from './release-request.ts';

/** The boot images that releases have for KubeVirt, by their architecture in Go's naming (spec, releases-helm, 2.5). */
const BOOT_IMAGES: Readonly<Record<string, string>> = { amd64: 'x86_64', s390x: 's390x' };

/** What documents ask for under `platform`, one for each document that has it. Asks nobody. */
export function platformRequests(documents: readonly ImageSetDocument[]): PlatformRequest[] {
  return documents.flatMap((document) => {
    const { platform } = document.content;
    return platform === undefined ? [] : [requestOf(document, platform)];
  });
}

function requestOf(document: ImageSetDocument, platform: PlatformContent): PlatformRequest {
  const { release, kubeVirtContainer = false, graph = false } = platform;
  const entryAt = (...path: FieldPath): WantingEntry => {
    const full = [document.kind, 'platform', ...path];
    return { position: document.positionOf(full), field: formatField(full) };
  };
  const platforms = sortPlatforms(platform.platforms);
  const boot = kubeVirtContainer ? bootImagesOf(platform, entryAt) : undefined;
  return {
    architectures: architecturesOf(platform),
    ...(platforms === undefined ? {} : { platforms }),
    // An explicit payload is all that is wanted then (spec, releases-helm, 2.4).
    channels:
      release === undefined
        ? (platform.channels ?? []).map((channel, index) =>
            channelOf(channel, entryAt('channels', index)),
          )
        : [],
    ...(release === undefined ? {} : { pinned: { name: release, entry: entryAt('release') } }),
    ...(boot === undefined ? {} : { bootImages: boot.keys }),
    ...(graph ? { graph: entryAt('graph') } : {}),
    entry: entryAt(),
    blockedBy: compileBlockedImages(document),
    warnings: boot?.warnings ?? [],
  };
}

/** Which graphs are asked: with `platforms` always that of the manifest lists (spec, releases-helm, 1.8). */
function architecturesOf({ platforms = [], architectures = [] }: PlatformContent): string[] {
  if (platforms.length > 0) return ['multi'];
  return architectures.length === 0 ? ['amd64'] : [...new Set(architectures)];
}

function channelOf(channel: ReleaseChannel, entry: WantingEntry): RequestedChannel {
  const { name, type = 'ocp', minVersion, maxVersion } = channel;
  return {
    name,
    type,
    minVersion,
    maxVersion,
    full: channel.full ?? false,
    shortestPath: channel.shortestPath ?? false,
    allowNotRecommended: channel.allowNotRecommended ?? false,
    entry,
  };
}

/** The boot images to look for, and a warning for each architecture that has none (spec, releases-helm, 2.5). */
function bootImagesOf(
  { platforms = [], architectures = [] }: PlatformContent,
  entryAt: (...path: FieldPath) => WantingEntry,
): { readonly keys: readonly string[]; readonly warnings: readonly FieldProblem[] } {
  const both = Object.values(BOOT_IMAGES);
  const field = platforms.length > 0 ? 'platforms' : 'architectures';
  const asked = platforms.length > 0 ? platforms.map((one) => one.architecture) : architectures;
  if (asked.includes('multi')) return { keys: both, warnings: [] };
  const keys = new Set<string>();
  const warnings: FieldProblem[] = [];
  for (const [index, architecture] of asked.entries()) {
    const key = BOOT_IMAGES[architecture];
    if (key !== undefined) keys.add(key);
    else {
      const message = `there is no KubeVirt boot image for ${architecture}`;
      warnings.push({ ...entryAt(field, index), message });
    }
  }
  if (keys.size > 0) return { keys: both.filter((key) => keys.has(key)), warnings };
  return { keys: platforms.length > 0 ? both : ['x86_64'], warnings };
}
