import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type MirrorName,
  REFERENCES,
  type Running,
  type Shape,
  type Wish,
  type World,
  check,
  checkRest,
  commitWishes,
  finish,
  makeWorld,
  settle,
  start,
  startPass,
} from '../../test/support/contested-world.ts';

type Command = fc.AsyncCommand<object, World>;

function command(text: string, run: (world: World) => Promise<void> | void): Command {
  return {
    check: () => true,
    run: async (_model, world) => {
      world.steps.note(text);
      await run(world);
    },
    toString: () => text,
  };
}

const mirror = fc.constantFrom<MirrorName>('a', 'b');
const index = fc.constantFrom(0, 1);

const anyWish = fc.record<Wish>({
  reference: fc.constantFrom(...REFERENCES),
  wish: fc.constantFrom('wanted', 'deleted', 'neither'),
});

/** Where a pass is left standing while others go on; at the first it ends. */
const anyPlace = fc.constantFrom('its end', 'deleteManifest', 'deleteTag', 'push', 'putManifest');

const anyChange = fc.record({
  name: mirror,
  wishes: fc.array(anyWish, { minLength: 1, maxLength: 3 }),
  at: index,
  isResync: fc.boolean(),
  place: anyPlace,
});

/** Whether a pass that is under way has looked at the tags of a repository. */
function isDeletingFrom({ steps, controllers }: World, repository: string): boolean {
  return controllers.some(({ actor, pass }) => {
    if (pass === undefined) return false;
    const own = steps.log.filter((line) => line.startsWith(`${actor.name}: `));
    const begin = own.findLastIndex((line) => line.endsWith(': look up main,manifests'));
    return own.slice(begin).some((line) => line.includes(`listTags ${repository} `));
  });
}

/** Somebody changes files, and a controller makes a pass, up to some place. */
const changeAndPass = anyChange.map(({ name, wishes, at, isResync, place }) => {
  const wanted = wishes.map(({ reference, wish }) => `${reference} is ${wish}`).join(', ');
  return command(`in ${name} ${wanted}; controller ${at} goes on to ${place}`, async (world) => {
    commitWishes(world, name, wishes);
    const running = world.controllers[at];
    if (running === undefined) return;
    if (running.pass === undefined) startPass(running, { isResync });
    await world.steps.stepUntil(running.actor, place);
  });
});

const anyCommand = [
  changeAndPass,
  changeAndPass,
  changeAndPass,
  fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }).map((picks) =>
    command(`${picks.length} steps (${picks.join()})`, async ({ steps }) => {
      for (const pick of picks) await steps.step(pick);
    }),
  ),
  fc.tuple(index, anyPlace).map(([at, place]) =>
    command(`controller ${at} goes on to ${place}`, async ({ steps, controllers }) => {
      const actor = controllers[at]?.actor;
      if (actor !== undefined) await steps.stepUntil(actor, place);
    }),
  ),
  fc.tuple(index, fc.boolean()).map(([at, lands]) =>
    command(`controller ${at} is killed`, (world) => {
      world.controllers[at]?.actor.kill(lands);
      start(world, at);
    }),
  ),
  fc.constantFrom('README.md', 'a/notes.md', 'b/resources/extra.yaml').map((path) =>
    command(`a person pushes ${path}`, (world) => {
      world.changes += 1;
      if (world.site.git.branches.has('manifests'))
        world.byHand.push(world.site.git.commit('manifests', { [path]: String(world.changes) }));
    }),
  ),
  fc.constantFrom('team/app:1', 'team/app:all', 'team/lib:1').map((reference) =>
    command(`a person tags ${reference} at the destination`, (world) => {
      const { site, foreign } = world;
      const [repository = '', tag = ''] = reference.split(':');
      // A registry has no delete on a condition: what comes between the look and the delete goes with it.
      if (isDeletingFrom(world, `reg.io/site/${repository}`)) return;
      const { tags } = site.destination.repository(`site/${repository}`);
      const digest = tags.get(tag);
      if (digest === undefined) return;
      tags.set(`mine-${tag}`, digest);
      foreign.set(`site/${repository}:mine-${tag}`, digest);
    }),
  ),
  fc.constant(
    command('everybody settles', async (world) => {
      await settle(world);
      check(world);
      await checkRest(world);
    }),
  ),
];

const anyShape = fc.record<Shape>({
  shared: fc.boolean(),
  policy: fc.constantFrom('explicit', 'prune'),
  deletes: fc.constantFrom('tags-and-manifests', 'manifests'),
});

it('two controllers, people and kills: what locks name is there, no commit is lost, and all come to rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyShape,
      fc.commands(anyCommand, { maxCommands: 12, size: 'max' }),
      async (shape, commands) => {
        const world = makeWorld(shape);
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        await settle(world);
        check(world);
        await checkRest(world);
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);

const APP = 'team/app:1';

/** Controller 0 is about to delete the image at the destination that mirror a wants no more. */
async function aboutToDelete(shared: boolean): Promise<World & { one: Running; two: Running }> {
  const world = makeWorld({ shared, policy: 'explicit', deletes: 'manifests' });
  commitWishes(world, 'a', [{ reference: APP, wish: 'wanted' }]);
  await settle(world);
  commitWishes(world, 'a', [{ reference: APP, wish: 'deleted' }]);
  const [one, two] = world.controllers as [Running, Running];
  startPass(one);
  await world.steps.stepUntil(one.actor, 'deleteManifest');
  return { ...world, one, two };
}

it.each([
  { who: 'a mirror of the settings', shared: true, name: 'a' as const, killed: false },
  { who: 'a mirror of the settings', shared: true, name: 'a' as const, killed: true },
  { who: 'a mirror of somebody else', shared: false, name: 'b' as const, killed: false },
  { who: 'a mirror of somebody else', shared: false, name: 'b' as const, killed: true },
])(
  'brings back what was deleted while $who began to want it; who deleted it was killed: $killed',
  async ({ shared, name, killed }) => {
    const world = await aboutToDelete(shared);
    const { steps, one, two } = world;
    commitWishes(world, name, [{ reference: APP, wish: 'wanted' }]);
    startPass(two);
    await steps.stepUntil(two.actor, 'its end');
    await steps.step(0, one.actor);
    if (killed) {
      one.actor.kill(false);
      start(world, 0);
    }
    await finish(world);

    expect(world.site.destination.requested('delete')).toHaveLength(1);
    await settle(world);
    check(world);
    await checkRest(world);
  },
);

it('deletes nothing on the word of files that are no longer the last ones', async () => {
  const world = makeWorld({ shared: true, policy: 'explicit', deletes: 'manifests' });
  commitWishes(world, 'a', [{ reference: APP, wish: 'wanted' }]);
  await settle(world);
  commitWishes(world, 'a', [{ reference: APP, wish: 'deleted' }]);
  const [one] = world.controllers as [Running, Running];
  startPass(one);
  await world.steps.stepUntil(one.actor, 'push');
  commitWishes(world, 'a', [{ reference: APP, wish: 'wanted' }]);
  await finish(world);

  expect(one.report?.mirrors.map(({ state }) => state)).toEqual(['Applied', 'Unchanged']);
  expect(world.site.destination.requested('delete')).toEqual([]);
  check(world);
});

it('deletes nothing on the word of a lock when another one changed since', async () => {
  const world = makeWorld({ shared: false, policy: 'explicit', deletes: 'manifests' });
  commitWishes(world, 'a', [{ reference: APP, wish: 'wanted' }]);
  await settle(world);
  commitWishes(world, 'a', [{ reference: APP, wish: 'deleted' }]);
  const [one, two] = world.controllers as [Running, Running];
  startPass(one);
  await world.steps.stepUntil(one.actor, 'look up manifests');
  commitWishes(world, 'b', [{ reference: APP, wish: 'wanted' }]);
  startPass(two);
  await world.steps.stepUntil(two.actor, 'its end');
  await finish(world);

  expect(one.report?.mirrors.flatMap(({ held }) => held)).toMatchObject([{ destination: APP }]);
  expect(world.site.destination.requested('delete')).toEqual([]);
  check(world);
});
