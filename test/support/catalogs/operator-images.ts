import { digestOf } from '../../../src/oci/digest.ts';
import type { ImageTarget } from '../../../src/oci/ends.ts';
import { type MadeImage, makeImage } from '../make-image.ts';
import type { CatalogFiles } from './make-catalog-image.ts';
import { putMadeImage } from './put-made-image.ts';

const FIXTURE_HOST = 'quay.io';
const FIXTURE_REFERENCE =
  /quay\.io\/(example\/[a-z0-9-]+)(?::([A-Za-z0-9_.-]+))?(?:@sha256:[0-9a-f]{64})?/g;

/** An image that a catalog names. */
export interface OperatorImage {
  readonly repository: string;
  readonly tag?: string;
  /** As the catalog has it. */
  readonly reference: string;
  readonly image: MadeImage;
}

/** The reference of an image in the fixtures: a digest that stands for the version. `fixtureCatalog` makes it real. */
export function fixtureImage(name: string, version: string): string {
  return `${FIXTURE_HOST}/example/${name}@${digestOf(Buffer.from(`${name} ${version}`))}`;
}

/**
 * A fixture whose images are at a registry: its files with every `quay.io/example/…` replaced by a reference to
 * a real image at `host`, and these images, to be put there with `makeOperatorImages`. Same arguments, same digests.
 */
export async function fixtureCatalog<Files extends CatalogFiles>(
  host: string,
  files: Files,
): Promise<{ readonly files: Record<keyof Files, string>; readonly images: OperatorImage[] }> {
  const images = new Map<string, OperatorImage>();
  const texts = Object.entries(files).map(
    ([path, text]) => [path, Buffer.from(text).toString('utf8')] as const,
  );
  for (const [, text] of texts) {
    for (const [written, repository = '', tag] of text.matchAll(FIXTURE_REFERENCE)) {
      if (images.has(written)) continue;
      const image = await makeImage({ seed: written, layers: 1 });
      const suffix = written.includes('@') ? `@${image.top.digest}` : '';
      const reference = `${host}/${repository}${tag === undefined ? '' : `:${tag}`}${suffix}`;
      const shared = { repository, reference, image };
      images.set(written, tag === undefined ? shared : { ...shared, tag });
    }
  }
  const replaced = texts.map(([path, text]) => [
    path,
    text.replaceAll(FIXTURE_REFERENCE, (written) => images.get(written)?.reference ?? written),
  ]);
  return {
    files: Object.fromEntries(replaced) as Record<keyof Files, string>,
    images: [...images.values()],
  };
}

/** Puts the images of a fixture where its references say; `open` opens a repository of that registry. */
export async function makeOperatorImages(
  open: (repository: string) => ImageTarget,
  images: readonly OperatorImage[],
): Promise<void> {
  for (const { repository, tag, image } of images) {
    await putMadeImage(open(repository), image, tag);
  }
}
