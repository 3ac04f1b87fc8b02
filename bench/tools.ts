import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageSet } from './image-sets.ts';

/** Where a set is copied from and to: `host:port`, and the folder with the authority of both. */
export interface Ends {
  readonly source: string;
  readonly destination: string;
  /** Holds `ca.crt`. */
  readonly certificates: string;
  /** For files of a run; a new one each time. */
  readonly scratch: string;
}

/** A tool that is measured: makes the shell command that copies a set. */
export interface Tool {
  readonly name: string;
  command(set: ImageSet, ends: Ends): Promise<string>;
}

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

/** `skopeo copy`, so many at once. */
export function skopeo(parallel: number): Tool {
  return {
    name: `skopeo x${parallel}`,
    command({ images }, { source, destination, certificates }) {
      const copy = `skopeo copy --quiet --src-cert-dir ${certificates} --dest-cert-dir ${certificates} docker://${source}/{} docker://${destination}/site/{}`;
      return Promise.resolve(
        `printf '%s\\n' ${images.join(' ')} | xargs -P ${parallel} -I{} ${copy}`,
      );
    },
  };
}

/** `imageset mirror` with an empty workspace. */
export const imagesetMirror: Tool = {
  name: 'imageset mirror',
  async command({ images }, { source, destination, certificates, scratch }) {
    const folder = await mkdtemp(join(scratch, 'mirror-'));
    const entries = images.map((image) => `    - name: ${source}/${image}\n`).join('');
    const head =
      'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages:\n';
    await writeFile(join(folder, 'isc.yaml'), head + entries);
    const flags = [
      ...['-c', join(folder, 'isc.yaml'), '--workspace', `file://${folder}/ws`],
      ...[
        '--src-cert-dir',
        certificates,
        '--dest-cert-dir',
        certificates,
        '--parallel-images',
        '8',
      ],
    ];
    return `${process.execPath} ${MAIN} mirror ${flags.join(' ')} docker://${destination}/site`;
  },
};
