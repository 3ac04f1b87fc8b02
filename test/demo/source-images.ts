import { createCipheriv, createHash } from 'node:crypto';
import { type MadeImage, makeImage, makeIndex } from '../support/make-image.ts';

const MIB = 1024 * 1024;
const ARCHITECTURES = ['amd64', 'arm64'] as const;

/** An image of the demo, as somebody's build would have left it at the source. */
export interface DemoImage {
  readonly repository: string;
  readonly tag: string;
  readonly image: MadeImage;
}

/** Multi-arch images: an index of two platforms each, on a base layer for each platform that all of them share. */
export async function makeDemoImages(): Promise<DemoImage[]> {
  return [
    await demoImage('shop/web', '1.4', 6),
    await demoImage('shop/api', '2.0', 4),
    await demoImage('shop/legacy', '0.9', 3),
    await demoImage('shop/cache', '7.2', 5),
  ];
}

/** Bytes of an image's distinct blobs. */
export function blobBytes({ blobs }: MadeImage): number {
  return [...blobs.values()].reduce((sum, { length }) => sum + length, 0);
}

async function demoImage(repository: string, tag: string, appMiB: number): Promise<DemoImage> {
  const instances = ARCHITECTURES.map(async (architecture) =>
    makeImage({
      // Layers are seeded by platform and place: the first has the same bytes in every image.
      seed: `demo ${architecture}`,
      platform: { os: 'linux', architecture },
      // What is in them does not compress; the demo shall not take longer for it.
      compression: 'none',
      layers: [
        { files: { 'etc/os-release': 'ID=demo\n', 'usr/lib/base': noise(architecture, 8) } },
        {
          files: {
            'app/name': `${repository}:${tag}\n`,
            'app/data': noise(`${repository} ${architecture}`, appMiB),
          },
        },
      ],
    }),
  );
  return { repository, tag, image: makeIndex(await Promise.all(instances)) };
}

/** So many MiB that depend on the seed alone. */
function noise(seed: string, mib: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(mib * MIB));
}
