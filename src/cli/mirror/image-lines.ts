import type { ProgressSink } from '../../mirror/progress-sink.ts';
import type { Place } from '../../oci/destination.ts';
import type { CollectedImage } from './collect-images.ts';
import { idOf } from './copy-images.ts';
import type { MirrorLog } from './mirror-log.ts';

/** A line for each image that is done, as the reference tool's (spec, transfer-engine, 4.6). */
export function imageLines(images: readonly CollectedImage[], log: MirrorLog): ProgressSink {
  const imagesById = Map.groupBy(images, idOf);
  return {
    report(event) {
      if (event.kind === 'image-finished') {
        const verb = event.status === 'copied' ? 'Success copying' : 'Already there:';
        for (const { wanted, origin } of imagesById.get(event.image) ?? []) {
          log.info(`${verb} ${origin} ➡️ ${namespaceOf(wanted.place)}/`);
        }
      }
      if (event.kind === 'image-failed') {
        for (const { origin } of imagesById.get(event.image) ?? []) log.error(failedLine(origin));
      }
    },
  };
}

/** `generic` is what the reference tool calls an additional image. */
export function failedLine(origin: string): string {
  return `Failed to copy generic ${origin}`;
}

/** The host and the path without its last segment; a path of one segment is shown whole. */
function namespaceOf({ host, repository }: Place): string {
  const slash = repository.lastIndexOf('/');
  return `${host}/${slash < 0 ? repository : repository.slice(0, slash)}`;
}
