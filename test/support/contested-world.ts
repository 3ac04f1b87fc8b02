import { expect } from 'vitest';
import { createMemoryGit } from './memory-git.ts';
import { createMemoryRegistry } from './memory-ends.ts';
import { type ContestedSite, type SteppedController, startController } from './contested-site.ts';
import { makeImage, makeIndex, type MadeImage } from './make-image.ts';
import { type Actor, stepByStep } from './step-by-step.ts';
import { parseLock } from '../../src/lock/lock.ts';
import { parseSettings } from '../../src/settings/parse-settings.ts';
import type { Settings } from '../../src/settings/settings.ts';
import type { PassReport } from '../../src/reconcile/pass-report.ts';
import { RECENT_MS } from '../../src/reconcile/recent-deletes.ts';

const first = await makeImage({ seed: 'first', layers: 1 });
const second = await makeImage({ seed: 'second', layers: 1 });
const both = makeIndex([first, second]);

/** What the source has: two tags of one image, one of another, an index of both, an image elsewhere. */
export const IMAGES: Readonly<Record<string, MadeImage>> = {
  'team/app:1': first,
  'team/app:one': first,
  'team/app:2': second,
  'team/app:all': both,
  'team/lib:1': second,
};
export const REFERENCES = Object.keys(IMAGES);
export type MirrorName = 'a' | 'b';
export const MIRRORS: readonly MirrorName[] = ['a', 'b'];

export interface Running {
  actor: Actor;
  controller: SteppedController;
  pass: Promise<PassReport> | undefined;
  report: PassReport | undefined;
}

export interface World {
  readonly site: ContestedSite;
  readonly time: { now: number };
  readonly steps: ReturnType<typeof stepByStep>;
  readonly controllers: Running[];
  readonly settings: readonly Settings[];
  /** What the files of each mirror say now. */
  readonly wishes: Readonly<Record<MirrorName, { wants: Set<string>; deletes: Set<string> }>>;
  /** What people committed to the manifests branch, and what they tagged at the destination. */
  readonly byHand: string[];
  readonly foreign: Map<string, string>;
  changes: number;
}

/** `shared`: both controllers have both mirrors; else each has one, and knows the other by its lock alone. */
export interface Shape {
  readonly shared: boolean;
  readonly policy: 'explicit' | 'prune';
  readonly deletes: 'tags-and-manifests' | 'manifests';
}

export function makeWorld(shape: Shape): World {
  const time = { now: Date.parse('2026-01-16T11:15:20Z') };
  const clock = (): Date => new Date(time.now);
  const git = createMemoryGit(clock);
  const source = createMemoryRegistry('src.io');
  const destination = createMemoryRegistry('reg.io', { deletes: shape.deletes });
  for (const [reference, image] of Object.entries(IMAGES)) put(source, reference, image);
  const site = { git, source, destination, clock };
  git.commit('main', {
    'a/set.yaml': imageSet('mirror', []),
    'b/set.yaml': imageSet('mirror', []),
  });
  const settings = [0, 1].map((index) =>
    settingsOf(shape.shared ? MIRRORS : MIRRORS.slice(index, index + 1), shape.policy),
  );
  const steps = stepByStep();
  const world: World = {
    ...{ site, time, steps, settings },
    controllers: [],
    byHand: [],
    foreign: new Map(),
    wishes: { a: noWishes(), b: noWishes() },
    changes: 0,
  };
  for (const index of settings.keys()) start(world, index);
  return world;
}

function noWishes(): { wants: Set<string>; deletes: Set<string> } {
  return { wants: new Set(), deletes: new Set() };
}

export function start(world: World, index: number): void {
  const settings = world.settings[index];
  if (settings === undefined) throw new RangeError(`there is no controller ${index}`);
  const actor = world.steps.actor(`controller ${index}`);
  const controller = startController(world.site, settings, actor);
  world.controllers[index] = { actor, controller, pass: undefined, report: undefined };
}

function settingsOf(mirrors: readonly MirrorName[], policy: string): Settings {
  return parseSettings(
    'settings.yaml',
    JSON.stringify({
      apiVersion: 'imageset-controller/v1alpha1',
      kind: 'ControllerSettings',
      source: { url: 'https://git.example.com/site.git' },
      transfer: { parallelImages: 2, parallelBlobs: 2 },
      mirrors: mirrors.map((name) => ({
        name,
        paths: [name],
        destination: 'docker://reg.io/site',
        output: name,
        deletion: { policy, maxShare: 1 },
      })),
    }),
  );
}

function imageSet(kind: 'mirror' | 'delete', references: readonly string[]): string {
  const additionalImages = references.map((reference) => ({ name: `src.io/${reference}` }));
  return JSON.stringify({
    apiVersion: 'mirror.openshift.io/v2alpha1',
    kind: kind === 'mirror' ? 'ImageSetConfiguration' : 'DeleteImageSetConfiguration',
    [kind]: { additionalImages },
  });
}

export function put(registry: ContestedSite['source'], reference: string, image: MadeImage): void {
  const [repository = '', tag = ''] = reference.split(':');
  registry.add(repository, image, tag);
}

export type PassOptions = NonNullable<Parameters<SteppedController['pass']>[0]>;

/** Starts a pass that goes on while other things happen. */
export function startPass(running: Running, options: PassOptions = {}): void {
  running.report = undefined;
  running.pass = running.controller.pass(options);
  running.pass.then(
    (report) => {
      running.report = report;
      running.pass = undefined;
    },
    () => {
      running.pass = undefined;
    },
  );
}

/** Everybody finishes, then passes are made until nobody has anything to do. */
export async function settle(world: World): Promise<void> {
  await finish(world);
  for (let round = 0; round < 10; round += 1) {
    const reports = await passOfEach(world);
    const mirrors = reports.flatMap((report) => report?.mirrors ?? []);
    const isQuiet = mirrors.every(({ state }) => state === 'Unchanged');
    if (isQuiet && reports.every((report) => report?.errors.length === 0)) return;
  }
  throw new Error(`no rest after ten rounds:\n${world.steps.log.slice(-200).join('\n')}`);
}

async function passOfEach(world: World): Promise<(PassReport | undefined)[]> {
  const reports: (PassReport | undefined)[] = [];
  for (const running of world.controllers) {
    startPass(running);
    await finish(world);
    reports.push(running.report);
  }
  return reports;
}

/** When recent deletes are forgotten, nothing is left to do, and no registry is asked anything. */
export async function checkRest(world: World): Promise<void> {
  world.time.now += 3 * RECENT_MS;
  const { source, destination } = world.site;
  const requests = source.requests.length + destination.requests.length;
  for (const report of await passOfEach(world)) {
    expect(report?.mirrors.map(({ state, unfinished }) => [state, unfinished])).toEqual(
      report?.mirrors.map(() => ['Unchanged', false]),
    );
  }
  const asked = [...source.requests, ...destination.requests].slice(requests);
  expect(source.requests.length + destination.requests.length, asked.join('\n')).toBe(requests);
}

export async function finish(world: World): Promise<void> {
  let idle = 0;
  for (let pick = 0; world.controllers.some(({ pass }) => pass !== undefined); pick += 1) {
    idle = (await world.steps.step(pick)) ? 0 : idle + 1;
    if (idle > 100 || pick > 20_000) throw new Error(`a pass does not end: step ${pick}`);
  }
}

/** What holds whenever everybody is at rest. */
export function check({ site, byHand, foreign, steps }: World): void {
  const { git, destination } = site;
  const head = git.branches.get('manifests');
  const message = `\n${steps.log.join('\n')}`;
  const history = new Set(head === undefined ? [] : git.ancestors(head));
  for (const commit of [...git.pushed, ...byHand])
    expect(history.has(commit), `${commit} is lost${message}`).toBe(true);
  expect(git.forced, message).toEqual([]);
  for (const [reference, digest] of foreign)
    expect(digestAt(destination, reference), `${reference} of somebody else${message}`).toBe(
      digest,
    );

  const files = git.filesAt(git.branches.get('main') ?? '');
  for (const name of MIRRORS) {
    const text = head === undefined ? undefined : git.filesAt(head).get(`${name}/imageset.lock`);
    const lines = text === undefined ? [] : parseLock('imageset.lock', text).images;
    for (const line of lines) {
      const what = `${line.destination} of mirror ${name}${message}`;
      expect(digestAt(destination, `site/${line.destination}`), what).toBe(line.digest);
      expect(isWhole(destination, `site/${line.destination}`), what).toBe(true);
    }
    const wanted = REFERENCES.filter((one) => files.get(`${name}/set.yaml`)?.includes(`/${one}"`));
    const locked = lines.filter(({ wantedBy }) => wantedBy.length > 0);
    expect(locked.map((line) => line.destination).sort(), message).toEqual(wanted.sort());
  }
}

export function digestAt(
  registry: ContestedSite['destination'],
  reference: string,
): string | undefined {
  const [repository = '', tag = ''] = reference.split(':');
  const { tags, manifests } = registry.repository(repository);
  const digest = tags.get(tag);
  return digest !== undefined && manifests.has(digest) ? digest : undefined;
}

function isWhole(registry: ContestedSite['destination'], reference: string): boolean {
  const [repository = '', tag = ''] = reference.split(':');
  const { tags, manifests, blobs } = registry.repository(repository);
  const image = Object.values(IMAGES).find(({ top }) => top.digest === tags.get(tag));
  return (
    image !== undefined &&
    image.manifests.every(({ digest }) => manifests.has(digest)) &&
    [...image.blobs.keys()].every((digest) => blobs.has(digest))
  );
}

/** A change of one mirror's files: of each image whether it is wanted or to be deleted from now on. */
export function commitWishes(world: World, name: MirrorName, wishes: readonly Wish[]): void {
  const { wants, deletes } = world.wishes[name];
  for (const { reference, wish } of wishes) {
    (wish === 'wanted' ? wants : deletes).add(reference);
    (wish === 'wanted' ? deletes : wants).delete(reference);
    if (wish === 'neither') deletes.delete(reference);
  }
  world.site.git.commit('main', {
    [`${name}/set.yaml`]: imageSet('mirror', [...wants].sort()),
    [`${name}/delete.yaml`]:
      deletes.size === 0 ? undefined : imageSet('delete', [...deletes].sort()),
  });
}

export interface Wish {
  readonly reference: string;
  readonly wish: 'wanted' | 'deleted' | 'neither';
}
