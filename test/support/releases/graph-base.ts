import { filesToEntries } from '../catalogs/tar-layer.ts';
import { type MadeImage, type MediaTypes, makeIndex } from '../make-image.ts';
import { makeLayeredImage } from './layered-image.ts';

/** What a graph image is built upon: a small index of four platforms. Same input, same bytes. */
export async function makeGraphBase(
  seed = 'ubi9',
  mediaTypes: MediaTypes = 'docker',
): Promise<MadeImage> {
  const instances: MadeImage[] = [];
  for (const architecture of ['amd64', 'arm64', 'ppc64le', 's390x']) {
    const files = {
      'bin/bash': `${seed} bash for ${architecture}`,
      'etc/os-release': 'NAME="Test"\n',
    };
    const platform = { os: 'linux', architecture };
    const layers = [filesToEntries('', files)];
    instances.push(await makeLayeredImage({ platform, mediaTypes, layers }));
  }
  return makeIndex(instances, { mediaTypes });
}
