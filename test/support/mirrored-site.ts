import { startDockerRegistry } from './docker-registry.ts';
import { type RunningEmbeddedRegistry, startEmbeddedRegistry } from './embedded-registry.ts';
import { type MadeImage, makeImage } from './make-image.ts';
import { type PlainResponse, plainRequest } from './plain-request.ts';
import { pushImage } from './push-image.ts';
import { type Site, type SiteMirror, makeSite } from './site.ts';
import type { TestRegistry } from './test-registry.ts';

export interface MirroredSiteOptions {
  /** What to fill; default: our own registry. */
  readonly destination?: 'embedded' | 'docker-registry';
  /** Of a docker-registry; default true. */
  readonly deleteEnabled?: boolean;
  readonly deletion?: SiteMirror['deletion'];
}

/** A site with one mirror `prod` in the folder `prod`, its source registry and its destination. */
export interface MirroredSite extends AsyncDisposable {
  readonly site: Site;
  readonly source: RunningEmbeddedRegistry;
  readonly destination: Omit<TestRegistry, 'kind'>;
  readonly mirror: SiteMirror;
  /** The source reference of `team/app:1.0`. */
  ref(name: string): string;
  /** Puts images that are made of their names into the source, and returns their references. */
  fill(...names: readonly string[]): Promise<string[]>;
  /** Puts an image into the destination, past the controller. */
  put(name: string, image: MadeImage): Promise<void>;
  /** The digest that the destination has at `team/app:1.0`, below the mirror's path; undefined where it is gone. */
  has(name: string): Promise<string | undefined>;
  /** The answer of the destination to a request below the mirror's path. */
  ask(method: string, path: string): Promise<PlainResponse>;
  /** How many requests both registries have had. */
  requestCount(): Promise<number>;
}

/** The path of the mirror at the destination. */
const NAMESPACE = 'site';

export async function startMirroredSite(options: MirroredSiteOptions = {}): Promise<MirroredSite> {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await startEmbeddedRegistry());
  const destination = stack.use(
    options.destination === 'docker-registry'
      ? await startDockerRegistry({ deleteEnabled: options.deleteEnabled ?? true })
      : await startEmbeddedRegistry(),
  );
  const mirror: SiteMirror = {
    name: 'prod',
    destination: `docker://${destination.host}/${NAMESPACE}`,
    output: 'prod',
    ...(options.deletion === undefined ? {} : { deletion: options.deletion }),
  };
  const site = stack.use(await makeSite({ mirrors: [mirror] }));
  const owned = stack.move();
  const ref = (name: string): string => `${source.host}/${name}`;

  function ask(method: string, path: string): Promise<PlainResponse> {
    return plainRequest(destination.endpoint, method, `/v2/${NAMESPACE}/${path}`);
  }
  return {
    ...{ site, source, destination, mirror, ref, ask },
    async fill(...names) {
      for (const name of names) {
        const { repository, tag } = split(name);
        await pushImage(source.endpoint, repository, await makeImage({ seed: name }), tag);
      }
      return names.map(ref);
    },
    async put(name, image) {
      const { repository, tag } = split(name);
      await pushImage(destination.endpoint, `${NAMESPACE}/${repository}`, image, tag);
    },
    async has(name) {
      const { repository, tag } = split(name);
      const { status, headers } = await ask('HEAD', `${repository}/manifests/${tag}`);
      if (status === 404) return undefined;
      if (status !== 200) throw new Error(`${name}: ${status}`);
      return String(headers['docker-content-digest']);
    },
    async requestCount() {
      return (await source.requests()).length + (await destination.requests()).length;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** `team/app:1.0` ⇒ repository and tag. */
function split(name: string): { repository: string; tag: string } {
  const colon = name.lastIndexOf(':');
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}
