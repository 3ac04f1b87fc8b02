import type { FaultPlan } from './fault-plan.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import {
  type DockerRegistryOptions,
  type RunningDockerRegistry,
  startDockerRegistry,
} from './docker-registry.ts';
import { type MadeImage, makeImage } from './make-image.ts';
import { type PassWorld, makePassWorld } from './pass-world.ts';
import type { Endpoint } from './plain-request.ts';
import { pushImage } from './push-image.ts';
import { readsByDigest, uploadsByDigest } from './registry-content.ts';
import { imageSet } from './site.ts';

/** Images by repository; all have the tag `1.0`, and share their first layer. */
export type ImagesByRepository = ReadonlyMap<string, MadeImage>;

/** The layer that every image of `faultyImages` has. */
const BASE = { files: { 'etc/seed': 'base' } };
/** The repository whose image has a layer of some size. */
export const LARGE = 'app/0';

export async function makeImages(count: number): Promise<ImagesByRepository> {
  const images = new Map<string, MadeImage>();
  for (let index = 0; index < count; index += 1) {
    const repository = `app/${index}`;
    const own = repository === LARGE ? { fillerBytes: 400_000 } : {};
    images.set(repository, await makeImage({ seed: repository, layers: [BASE, own] }));
  }
  return images;
}

export async function pushImages(endpoint: Endpoint, images: ImagesByRepository): Promise<void> {
  for (const [repository, image] of images) await pushImage(endpoint, repository, image, '1.0');
}

/** The digest of an image's largest layer. */
export function largestLayer(image: MadeImage | undefined): string {
  const layers = [...(image?.blobs ?? [])].sort(([, a], [, b]) => b.length - a.length);
  return layers[0]?.[0] ?? '';
}

/** A source that has images, an empty destination, a proxy before each, and a controller between the proxies. */
export interface FaultyMirror extends AsyncDisposable {
  readonly source: RunningDockerRegistry;
  readonly destination: RunningDockerRegistry;
  readonly sourceProxy: FaultProxy;
  readonly destinationProxy: FaultProxy;
  readonly world: PassWorld;
  /** Commits an image set with all images by tag. */
  want(images: Iterable<string>): Promise<void>;
  /** What the lock of the manifests branch names: repositories below the destination. */
  lockedRepositories(): Promise<string[]>;
  /** Blobs that the destination stored more than once, or that the source was asked for more than once. */
  repeated(): Promise<{ readonly sent: Map<string, number>; readonly read: Map<string, number> }>;
}

export interface FaultyMirrorOptions {
  readonly images: ImagesByRepository;
  readonly sourcePlan?: FaultPlan;
  readonly destinationPlan?: FaultPlan;
  readonly source?: DockerRegistryOptions;
  readonly destination?: DockerRegistryOptions;
}

export async function startFaultyMirror(options: FaultyMirrorOptions): Promise<FaultyMirror> {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await startDockerRegistry(options.source));
  const destination = stack.use(await startDockerRegistry(options.destination));
  await pushImages(source.endpoint, options.images);
  const before = (await source.requests()).length;
  const sourceProxy = stack.use(await startFaultProxy(source.host, options.sourcePlan));
  const destinationProxy = stack.use(
    await startFaultProxy(destination.host, options.destinationPlan),
  );
  const world = stack.use(await makePassWorld(destinationProxy.host));
  const owned = stack.move();
  return {
    ...{ source, destination, sourceProxy, destinationProxy, world },
    async want(repositories) {
      const names = [...repositories].map((name) => `${sourceProxy.host}/${name}:1.0`);
      await world.git.commit('main', { 'images.yaml': imageSet(names) });
    },
    async lockedRepositories() {
      if ((await world.published()) === undefined) return [];
      const text = await world.git.git(['show', 'manifests:imageset.lock']);
      return [...text.matchAll(/"destination": "([^":]+):1\.0"/g)].map(([, name = '']) => name);
    },
    async repeated() {
      const read = readsByDigest((await source.requests()).slice(before));
      return {
        sent: moreThanOnce(uploadsByDigest(await destination.requests())),
        read: moreThanOnce(read),
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function moreThanOnce(counts: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...counts].filter(([, count]) => count > 1));
}
