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
      layers: [
        { files: { 'etc/os-release': 'ID=demo\n' }, fillerBytes: 8 * MIB },
        {
          files: { 'app/name': `${repository}:${tag}\n` },
          fillerBytes: appMiB * MIB,
        },
      ],
    }),
  );
  return { repository, tag, image: makeIndex(await Promise.all(instances)) };
}
