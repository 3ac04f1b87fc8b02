import type { ContentType } from '../../imageset/problem.ts';
import type { ImageKind } from '../../lock/wanted-image.ts';
import type { ProgressSink } from '../../mirror/progress-sink.ts';
import type { Place } from '../../oci/destination.ts';
import type { CollectedImage } from './collect-images.ts';
import { idOf } from './copy-images.ts';
import type { MirrorLines } from './mirror-log.ts';

/** A line for each image that is done, as the reference tool's (spec, transfer-engine, 4.6). */
export function imageLines(images: readonly CollectedImage[], log: MirrorLines): ProgressSink {
  const imagesById = Map.groupBy(images, idOf);
  return {
    report(event) {
      if (event.kind === 'image-finished') {
        for (const image of imagesById.get(event.image) ?? []) {
          log.info(doneLine('Success copying', image));
        }
      }
      if (event.kind === 'image-failed') {
        for (const image of imagesById.get(event.image) ?? []) log.error(failedLine(image));
      }
    },
  };
}

export function presentLine(image: CollectedImage): string {
  return doneLine('Already there:', image);
}

function doneLine(verb: string, { wanted, origin }: CollectedImage): string {
  return `${verb} ${origin} ➡️ ${namespaceOf(wanted.place)}/`;
}

export function failedLine({
  origin,
  content,
  wanted,
}: Pick<CollectedImage, 'origin' | 'content'> & Partial<Pick<CollectedImage, 'wanted'>>): string {
  return `Failed to copy ${typeName(content, wanted?.kind)} ${origin}`;
}

/** What the reference tool calls images. */
function typeName(content: ContentType, kind: ImageKind | undefined): string {
  if (content === 'additional') return 'generic';
  if (content !== 'release') return content;
  if (kind === 'release') return 'ocpRelease';
  return kind === 'graph' ? 'cincinnatiGraph' : 'ocpReleaseContent';
}

/** The host and the path without its last segment; a path of one segment is shown whole. */
function namespaceOf({ host, repository }: Place): string {
  const slash = repository.lastIndexOf('/');
  return `${host}/${slash < 0 ? repository : repository.slice(0, slash)}`;
}
