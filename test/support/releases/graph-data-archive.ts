import { gzipSync } from 'node:zlib';
import { type LayerEntry, filesToEntries, makeLayerTar } from '../catalogs/tar-layer.ts';

/** Files of real graph data, by path (spec, releases-helm, 1.3 and 4.1). */
export const GRAPH_DATA_FILES: Readonly<Record<string, string>> = {
  LICENSE: 'A license.\n',
  version: '1.1.0\n',
  'raw/metadata.json': '{}\n',
  'channels/stable-4.18.yaml': 'name: stable-4.18\nversions:\n- 4.18.1\n- 4.18.2\n',
  'blocked-edges/4.18.2-SomeRisk.yaml':
    'to: 4.18.2\nfrom: ^4[.]17[.].*\nurl: https://risks.example/1\nname: SomeRisk\nmessage: A risk.\nmatchingRules:\n- type: Always\n',
};

/** The tarball that an update service gives: gzip, its entries below `./`. Same files, same bytes. */
export async function makeGraphDataArchive(
  files: Readonly<Record<string, string | Uint8Array>> = GRAPH_DATA_FILES,
): Promise<Buffer> {
  const entries = filesToEntries('', files).map(({ name, ...rest }): LayerEntry => ({
    name: `./${name}`,
    ...rest,
  }));
  return gzipSync(await makeLayerTar([{ name: './', type: 'directory' }, ...entries]));
}
