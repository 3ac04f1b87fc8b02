import type { Lock } from '../lock/lock.ts';
import type { MirrorFiles } from './read-mirror-files.ts';

/** Tells of paths whether a file is as it was when all that it wanted was there. */
export function unchangedFiles(
  { configurations }: Pick<MirrorFiles, 'configurations'>,
  lock: Lock,
): (path: string) => boolean {
  const before = new Map(lock.configurations.map((file) => [file.path, file]));
  const now = new Map(configurations.map(({ path, blob }) => [path, blob]));
  return (path) => {
    const file = before.get(path);
    return file !== undefined && file.incomplete !== true && file.blob === now.get(path);
  };
}
