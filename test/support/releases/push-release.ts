import type { Endpoint } from '../plain-request.ts';
import { pushImage } from '../push-image.ts';
import type { MadeRelease } from './make-release.ts';

/** Pushes the components by digest, and the payload under its tag. */
export async function pushRelease(endpoint: Endpoint, release: MadeRelease): Promise<void> {
  const { payloadRepository, componentRepository, components, bootImages } = release;
  for (const { image } of [...components, ...bootImages.values()]) {
    await pushImage(endpoint, componentRepository, image);
  }
  await pushImage(endpoint, payloadRepository, release.payload, release.tag);
}
