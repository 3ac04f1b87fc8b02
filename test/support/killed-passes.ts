import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ControllerProcess, startController } from './controller-process.ts';
import { type RunningDockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { ISOLATED_GIT, makeGitRepository } from './git-fixture.ts';
import { type KillingGit, makeKillingGit } from './killing-git.ts';
import { makeCosignSignature, makeImage, makeIndex } from './make-image.ts';
import type { Endpoint } from './plain-request.ts';
import { pushImage } from './push-image.ts';
import { deleteSet, imageSet } from './site.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What the destination and the manifests branch are, to be compared. */
export interface World {
  readonly proxy: { readonly source: FaultProxy; readonly destination: FaultProxy };
  readonly git: KillingGit;
  /** A folder that is back at the start: an empty registry but for the old images, and the commit to be applied. */
  restore(): Promise<RunningDockerRegistry>;
  /** `run --once` as a process. */
  start(): Promise<ControllerProcess>;
  /** The paths and object ids of the manifests branch. */
  branch(): Promise<string>;
  /** Destinations with their digests, as the lock of the branch names them. */
  locked(): Promise<[place: string, digest: string][]>;
}

const IMAGES = 40;
const OLD = ['old/0', 'old/1', 'old/2', 'old/3', 'old/4', 'old/5'];
/** So many images share a layer, in repositories of their own. */
const SHARING = 4;

/** The files of two commits: the first is mirrored already, the second is what the killed passes do. */
export interface Scene {
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  /** Of the settings, where releases are among it. */
  readonly releases?: object;
}

/**
 * A controller that has mirrored what one commit wants, and a commit that it has not seen yet. The start can be had
 * again and again. `fill` puts the images to the source; `host` is what image sets call it.
 */
export async function makeWorld(
  fill: (endpoint: Endpoint, host: string) => Promise<Scene>,
): Promise<World & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const from = stack.use(await startDockerRegistry());
  const source = stack.use(await startFaultProxy(from.host));
  const scene = await fill(from.endpoint, source.host);
  const now = join(folder.path, 'now');
  const saved = join(folder.path, 'saved');
  const storage = join(now, 'storage');
  await mkdir(now, { recursive: true });
  const repository = await makeGitRepository(join(now, 'repository.git'));
  const destination = stack.use(await startFaultProxy('127.0.0.1:1'));
  const killing = await makeKillingGit(join(folder.path, 'bin'));

  const settings = join(folder.path, 'settings.yaml');
  await writeFile(
    settings,
    stringify({
      apiVersion: 'imageset-controller/v1alpha1',
      kind: 'ControllerSettings',
      source: { url: repository.url },
      mirrors: [{ name: 'site', destination: `docker://${destination.host}/site` }],
      releases: scene.releases ?? {},
    }),
  );

  async function start(): Promise<ControllerProcess> {
    const controller = startController(
      [
        ...['run', '--once', '--settings', settings, '--log-format', 'json'],
        ...['--state', join(now, 'state'), '--src-tls-verify=false', '--dest-tls-verify=false'],
      ],
      {
        ...ISOLATED_GIT,
        PATH: `${killing.folder}:${process.env.PATH ?? ''}`,
        HOME: folder.path,
      },
    );
    await killing.aim(controller.pid);
    return controller;
  }

  await repository.commit('main', scene.before);
  {
    await using registry = await startDockerRegistry({ storageFolder: storage });
    destination.upstream = registry.host;
    const { code, stderr } = await (await start()).ended;
    if (code !== 0) throw new Error(`the first commit could not be mirrored: ${stderr}`);
  }
  await repository.commit('main', scene.after);
  await cp(now, saved, { recursive: true });

  const owned = stack.move();
  return {
    proxy: { source, destination },
    git: killing,
    start,
    async restore() {
      await rm(now, { recursive: true, force: true });
      await cp(saved, now, { recursive: true });
      const registry = await startDockerRegistry({ storageFolder: storage });
      destination.upstream = registry.host;
      return registry;
    },
    branch: () => repository.git(['ls-tree', '-r', 'manifests']),
    async locked() {
      const lock = await repository.git(['show', 'manifests:imageset.lock']);
      const images = lock.slice(lock.indexOf('\nimages:'), lock.indexOf('\ndeleting:'));
      return [...images.matchAll(/"destination": "([^"]+)", "digest": "([^"]+)"/g)].map(
        ([, place = '', digest = '']) => [place, digest],
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Forty images come, single ones, some of two architectures, some signed; the old ones go. */
export async function fortyImagesCome(endpoint: Endpoint, host: string): Promise<Scene> {
  const nameOf = (name: string): string => `${host}/${name}:1.0`;
  for (const name of OLD) await pushImage(endpoint, name, await makeImage({ seed: name }), '1.0');
  const names: string[] = [];
  for (let index = 0; index < IMAGES; index += 1) {
    const name = `app/${String(index).padStart(2, '0')}`;
    names.push(name);
    const shared = { files: { 'etc/seed': `shared ${Math.floor(index / SHARING)}` } };
    const single = await makeImage({ seed: name, layers: [shared, {}] });
    const arm64 = { os: 'linux', architecture: 'arm64' };
    const image =
      index % 8 === 7
        ? makeIndex([single, await makeImage({ seed: `${name} arm64`, platform: arm64 })])
        : single;
    await pushImage(endpoint, name, image, '1.0');
    if (index % 8 !== 3) continue;
    const { tag, image: signature } = makeCosignSignature(image.top.digest, name);
    await pushImage(endpoint, name, signature, tag);
  }
  return {
    before: { 'images.yaml': imageSet(OLD.map(nameOf)) },
    after: {
      'images.yaml': imageSet(names.map(nameOf)),
      'delete.yaml': deleteSet(OLD.map(nameOf)),
    },
  };
}
