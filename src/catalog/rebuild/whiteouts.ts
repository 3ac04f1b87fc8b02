import type { TarEntry } from '../../built/tar-of.ts';

/** Where all rebuilt catalogs have their configs (spec, operator-catalogs, 5.2). */
export const CONFIGS_FOLDER = 'configs';

/**
 * What hides the configs of the source and the serving cache that was made of them (spec, operator-catalogs, 5.2
 * and 5.5); the same for all catalogs whose configs are at one place, so that it moves once.
 *
 * `/tmp` is named with the mode that it has everywhere: layers are unpacked into folders of their own, where a
 * parent that is not named is made as the unpacker likes, and a catalog that cannot write to `/tmp` does not start.
 * For the same reason configs deeper than one folder stay where they are, hidden from nobody but used by none:
 * what their parents are like is not known.
 */
export function whiteoutEntries(configsFolder: string): TarEntry[] {
  const folders = new Set([
    CONFIGS_FOLDER,
    ...(configsFolder.includes('/') ? [] : [configsFolder]),
  ]);
  return [
    ...[...folders].sort().map((folder) => whiteout('', folder)),
    { path: 'tmp', mode: 0o1777 },
    whiteout('tmp/', 'cache'),
  ];
}

/** Source: OCI image-spec, layer.md, "Whiteouts". */
function whiteout(parent: string, name: string): TarEntry {
  const content = { size: 0, read: nothing };
  return { path: `${parent}.wh.${name}`, mode: 0o644, content };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // Whiteouts are empty.
}
