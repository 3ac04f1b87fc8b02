import { join } from 'node:path';
import { parse as parseYaml, stringify } from 'yaml';
import { openCatalog } from '../../src/catalog/read/open-catalog.ts';
import { Digest } from '../../src/oci/digest.ts';
import type { CatalogFiles, CatalogOptions } from './catalogs/make-catalog-image.ts';
import { makeCatalog } from './catalogs/make-catalog-image.ts';
import { fixtureCatalog, fixtureImage } from './catalogs/operator-images.ts';
import { type MadeImage, makeImage } from './make-image.ts';
import { type MirrorSite, makeMirrorSite } from './mirror-site.ts';
import { plainRequest } from './plain-request.ts';
import { pushImage } from './push-image.ts';
import { testClient } from './registry-client.ts';
import { digestAt } from './registry-content.ts';
import type { SiteReport } from './site.ts';
import type { TestRegistry } from './test-registry.ts';
import { startTrustedRegistries } from './trusted-registries.ts';

type Requests = Awaited<ReturnType<TestRegistry['requests']>>;

/** What a pass told, and what it asked. */
export interface OperatorPass {
  readonly code: number;
  readonly stderr: string;
  readonly report: SiteReport;
  readonly asked: { readonly source: Requests; readonly destination: Requests };
  /** How many commits it made on the manifests branch. */
  readonly commits: number;
}

export interface OperatorSite extends AsyncDisposable {
  readonly site: MirrorSite;
  readonly source: TestRegistry;
  readonly destination: TestRegistry;
  /** The settings' flags for a command line. */
  readonly flags: readonly string[];
  /** `NAME` ⇒ its reference at the source. */
  ref(name: string): string;
  /** Puts a catalog under `REPOSITORY:TAG`, and the images that it names. */
  putCatalog(
    place: string,
    files: CatalogFiles,
    options?: Omit<CatalogOptions, 'files'>,
  ): Promise<Digest>;
  /** Puts an image of the fixtures (back). */
  putImage(name: string, version: string): Promise<void>;
  /** Removes an image of the fixtures from the source. */
  removeImage(name: string, version: string): Promise<void>;
  /** Files of the source branch. */
  commit(files: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** `run --once` inside this process. */
  pass(...args: string[]): Promise<OperatorPass>;
  /** The digest at a place below the mirror, `PATH:TAG`. */
  there(place: string): Promise<string | undefined>;
  /** The catalog there, as our own reader finds it: by package the names of its channels, then of its bundles. */
  content(place: string): Promise<Record<string, string[]>>;
  /** The platforms of an index there, `os/architecture`. */
  platformsAt(place: string): Promise<string[]>;
  /** The resource in a file of `resources/`; undefined where there is none. */
  resource(file: string): Promise<unknown>;
  /** Deletes what is at a place of the mirror, past the controller. */
  lose(place: string): Promise<void>;
  /** Changes the settings of the mirror. */
  configure(mirror: Readonly<Record<string, unknown>>): Promise<void>;
}

/** The path of the mirror at the destination. */
export const NAMESPACE = 'site';

/** A mirror between two registries with TLS, whose image sets name operators. */
export async function makeOperatorSite(): Promise<OperatorSite> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await makeMirrorSite());
  const { source, destination } = stack.use(await startTrustedRegistries(site));

  async function configure(mirror: Readonly<Record<string, unknown>>): Promise<string> {
    const base = { name: 'prod', paths: ['.'], output: '.' };
    const to = `docker://${destination.host}/${NAMESPACE}`;
    return site.writeSettings([{ ...base, destination: to, ...mirror }]);
  }
  const flags = ['--settings', await configure({})];
  const owned = stack.move();

  return {
    ...{ site, source, destination, flags },
    ref: (name) => `${source.host}/${name}`,
    async putCatalog(place, files, options = {}) {
      const { files: real, images } = await fixtureCatalog(source.host, files);
      for (const { repository, tag, image } of images)
        await pushImage(source.endpoint, repository, image, tag);
      const catalog = await makeCatalog({ ...options, files: real });
      const colon = place.lastIndexOf(':');
      await pushImage(source.endpoint, place.slice(0, colon), catalog, place.slice(colon + 1));
      return catalog.top.digest;
    },
    async putImage(name, version) {
      await pushImage(source.endpoint, `example/${name}`, await operatorImage(name, version));
    },
    async removeImage(name, version) {
      const { digest } = (await operatorImage(name, version)).top;
      const path = `/v2/example/${name}/manifests/${digest}`;
      const { status } = await plainRequest(source.endpoint, 'DELETE', path);
      if (status !== 202) throw new Error(`DELETE ${path}: ${status}`);
    },
    commit: (files) => site.git.commit('main', files),
    async pass(...args) {
      const before = await requestsOf(source, destination);
      const commits = (await site.commits()).length;
      const line = ['run', '--once', '--output', 'json', '--log-format', 'json', ...flags];
      const { code, stdout, stderr } = await site.run(...line, ...args);
      if (stdout === '') throw new Error(`no report: ${stderr}`);
      const { mirrors } = JSON.parse(stdout) as { mirrors: readonly SiteReport[] };
      const [report] = mirrors;
      if (report === undefined) throw new Error(`no report: ${stdout}${stderr}`);
      const after = await requestsOf(source, destination);
      const asked = {
        source: after.source.slice(before.source.length),
        destination: after.destination.slice(before.destination.length),
      };
      return { code, stderr, report, asked, commits: (await site.commits()).length - commits };
    },
    there: (place) => digestAt(destination.endpoint, `${NAMESPACE}/${place}`),
    async platformsAt(place) {
      const path = `/v2/${NAMESPACE}/${place.replace(/:([^:]*)$/, '/manifests/$1')}`;
      const { body } = await plainRequest(destination.endpoint, 'GET', path);
      const { manifests = [] } = JSON.parse(body.toString('utf8')) as {
        manifests?: { platform: { os: string; architecture: string } }[];
      };
      return manifests.map(({ platform: { os, architecture } }) => `${os}/${architecture}`);
    },
    async resource(file) {
      const text = await site.published(`resources/${file}`);
      return text === undefined ? undefined : (parseYaml(text) as unknown);
    },
    async lose(place) {
      const path = `${NAMESPACE}/${place.slice(0, place.lastIndexOf(':'))}`;
      const digest = await digestAt(destination.endpoint, `${NAMESPACE}/${place}`);
      const url = `/v2/${path}/manifests/${digest ?? ''}`;
      const { status } = await plainRequest(destination.endpoint, 'DELETE', url);
      if (status !== 202) throw new Error(`DELETE ${url}: ${status}`);
    },
    content: (place) => readContent(site.folder, destination, place),
    async configure(mirror) {
      await configure(mirror);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function requestsOf(
  source: TestRegistry,
  destination: TestRegistry,
): Promise<OperatorPass['asked']> {
  return { source: await source.requests(), destination: await destination.requests() };
}

async function readContent(
  folder: string,
  { host, endpoint }: TestRegistry,
  place: string,
): Promise<Record<string, string[]>> {
  const { signal } = new AbortController();
  await using client = testClient();
  const colon = place.lastIndexOf(':');
  const repository = `${NAMESPACE}/${place.slice(0, colon)}`;
  const digest = Digest.parse(await digestAt(endpoint, `${NAMESPACE}/${place}`));
  const source = client.source({
    kind: 'registry',
    registry: host,
    repository,
    path: repository,
    digest,
  });
  const reading = { source, digest, name: place, folder: join(folder, 'read-back') };
  const catalog = await openCatalog(reading, signal);
  const content: Record<string, string[]> = {};
  for (const name of catalog.packageNames) {
    const found = await catalog.readPackage(name, signal);
    const channels = found?.channels.map((channel) => channel.name).sort() ?? [];
    const bundles = found?.bundles.map((bundle) => bundle.name).sort() ?? [];
    content[name] = [...channels, ...bundles];
  }
  return content;
}

/** An image that the fixtures name, as `putCatalog` puts it. */
export async function operatorImage(name: string, version: string): Promise<MadeImage> {
  return makeImage({ seed: fixtureImage(name, version), layers: 1 });
}

/** Where an image of the fixtures is below the mirror, as locks write it. */
export async function operatorPlace(name: string, version: string): Promise<string> {
  const { digest } = (await operatorImage(name, version)).top;
  return `example/${name}:${digest.replace(':', '-')}`;
}

/** An ImageSetConfiguration of catalogs, with additional images if there are any. */
export function operatorSet(
  operators: readonly object[],
  additionalImages: readonly string[] = [],
): string {
  return stringify({
    apiVersion: 'mirror.openshift.io/v2alpha1',
    kind: 'ImageSetConfiguration',
    mirror: {
      operators,
      ...(additionalImages.length === 0
        ? {}
        : { additionalImages: additionalImages.map((name) => ({ name })) }),
    },
  });
}

/** A DeleteImageSetConfiguration of packages of one catalog. */
export function operatorDelete(catalog: string, packages: readonly object[]): string {
  return stringify({
    apiVersion: 'mirror.openshift.io/v2alpha1',
    kind: 'DeleteImageSetConfiguration',
    delete: { operators: [{ catalog, packages }] },
  });
}
