import { chains } from '../support/catalogs/chains.ts';
import { makeCatalog } from '../support/catalogs/make-catalog-image.ts';
import { fixtureCatalog } from '../support/catalogs/operator-images.ts';
import { pushImage } from '../support/push-image.ts';

/** Where the catalog is at the source. */
export const DEMO_CATALOG = 'operators/index:v1';

const FILES = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0'] }),
  ...chains('tap', { stable: ['2.0.0', '2.0.1'] }),
};

/** Puts a catalog of two operators to a registry, with the images of all their bundles. */
export async function pushDemoCatalog(registry: {
  readonly url: string;
  readonly host: string;
}): Promise<void> {
  const { files, images } = await fixtureCatalog(registry.host, FILES);
  for (const { repository, tag, image } of images)
    await pushImage(registry, repository, image, tag);
  const [repository = '', tag] = DEMO_CATALOG.split(':');
  await pushImage(registry, repository, await makeCatalog({ files }), tag);
}
