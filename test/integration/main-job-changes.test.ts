import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunningDockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { type MadeImage, makeImage } from '../support/make-image.ts';
import { type MirrorSite, imageSet, makeMirrorSite } from '../support/mirror-site.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['docker-registry', 'git'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

const Named = z.array(z.object({ destination: z.string() }));
const Plans = z.object({
  plans: z.tuple([
    z.object({
      adds: Named,
      updates: Named,
      deletes: Named,
      bytesToMove: z.number(),
      orphans: z.array(
        z.object({ line: z.object({ destination: z.string() }), isNew: z.boolean() }),
      ),
    }),
  ]),
});

/** What a plan said, and what the pass after it did at the destination and in Git. */
interface Step {
  readonly planned: {
    readonly adds: string[];
    readonly updates: string[];
    readonly deletes: string[];
    readonly newOrphans: string[];
  };
  /** Bytes that the plan said would move. */
  readonly bytesToMove: number;
  readonly state: string;
  /** `PATH:TAG` below the destination, of manifests that were written under a tag. */
  readonly written: string[];
  /** Digests of blobs whose bytes were sent. */
  readonly sent: string[];
  /** All requests to the source and the destination, those of the plan too. */
  readonly requests: number;
  readonly commits: number;
}

const NOTHING = { adds: [], updates: [], deletes: [], newOrphans: [] };

describe.skipIf(needed.length > 0)(`what changes of image sets do${skipped}`, () => {
  const stack = new AsyncDisposableStack();
  let from: RunningDockerRegistry;
  let to: RunningDockerRegistry;

  beforeAll(async () => {
    from = stack.use(await startDockerRegistry());
    to = stack.use(await startDockerRegistry());
  });
  afterAll(() => stack.disposeAsync());

  /** Commits files, plans and passes. */
  async function step(
    site: MirrorSite,
    namespace: string,
    files: Readonly<Record<string, string | undefined>>,
    {
      losesState = false,
      isResync = false,
    }: { readonly losesState?: boolean; readonly isResync?: boolean } = {},
  ): Promise<Step> {
    if (Object.keys(files).length > 0) await site.git.commit('main', files);
    const flags = [
      ...['--source', site.git.url, '--destination', `docker://${to.host}/${namespace}`],
      ...['--src-tls-verify=false', '--dest-tls-verify=false'],
    ];
    const before = {
      from: (await from.requests()).length,
      to: (await to.requests()).length,
      commits: (await site.commits()).length,
    };
    if (losesState) await site.removeState();
    const planned = await site.run('plan', '--output', 'json', ...flags);
    if (losesState) await site.removeState();
    const passed = await site.run('run', '--once', ...flags, ...(isResync ? ['--resync'] : []));

    expect(passed.stderr).not.toContain('"level":50');
    const { plans } = Plans.parse(JSON.parse(planned.stdout));
    const names = (list: z.infer<typeof Named>): string[] =>
      list.map(({ destination }) => destination);
    const requests = (await to.requests()).slice(before.to);
    const accepted = requests.filter(({ method, status }) => method === 'PUT' && status === 201);
    return {
      planned: {
        adds: names(plans[0].adds),
        updates: names(plans[0].updates),
        deletes: names(plans[0].deletes),
        newOrphans: plans[0].orphans
          .filter(({ isNew }) => isNew)
          .map(({ line }) => line.destination),
      },
      bytesToMove: plans[0].bytesToMove,
      state: /^default: (\w+)/.exec(passed.stdout)?.[1] ?? passed.stderr,
      written: accepted
        .flatMap(({ path }) => {
          const [, repository, tag] = /^\/v2\/[^/]+\/(.+)\/manifests\/([^:]+)$/.exec(path) ?? [];
          return repository === undefined || tag === undefined ? [] : [`${repository}:${tag}`];
        })
        .sort(),
      sent: accepted.flatMap(({ path }) => {
        const { pathname, searchParams } = new URL(path, 'http://registry');
        return pathname.includes('/blobs/uploads/') ? [searchParams.get('digest') ?? ''] : [];
      }),
      requests: (await from.requests()).length - before.from + requests.length,
      commits: (await site.commits()).length - before.commits,
    };
  }

  describe.each([
    { name: 'its state directory', losesState: false },
    { name: 'a new state directory for every command', losesState: true },
  ])('with $name', ({ losesState }) => {
    const namespace = losesState ? 'forgetful' : 'remembering';
    const file = 'base.yaml';
    let site: MirrorSite;
    let moved: MadeImage;
    let names: { readonly a: string; readonly b: string; readonly c: string };
    let first: Step;

    beforeAll(async () => {
      site = stack.use(await makeMirrorSite());
      for (const name of ['a', 'b', 'c'])
        await pushImage(
          from.endpoint,
          `${namespace}/${name}`,
          await makeImage({ seed: `${namespace} ${name}` }),
          '1',
        );
      moved = await makeImage({ seed: `${namespace} b moved` });
      const named = (name: string): string => `${from.host}/${namespace}/${name}:1`;
      names = { a: named('a'), b: named('b'), c: named('c') };
      first = await step(
        site,
        namespace,
        { [file]: imageSet([names.a, names.b, { name: names.c, targetRepo: 'old/c' }]) },
        { losesState },
      );
    });

    const place = (name: string): string => `${namespace}/${name}:1`;

    async function wantedBy(destination: string): Promise<readonly string[] | undefined> {
      const { images } = await site.lock();
      return images.find((line) => line.destination === destination)?.wantedBy;
    }

    it('adds what is wanted first', () => {
      const adds = [place('a'), place('b'), 'old/c:1'].sort();
      expect(first).toMatchObject({
        planned: { ...NOTHING, adds },
        state: 'Applied',
        written: adds,
        commits: 1,
      });
    });

    it('leaves an image that is removed at the registry and in the resources, and asks nobody', async () => {
      const itms = await site.published('resources/itms-oc-mirror.yaml');
      const files = { [file]: imageSet([names.b, { name: names.c, targetRepo: 'old/c' }]) };

      expect(await step(site, namespace, files, { losesState })).toEqual({
        planned: { ...NOTHING, newOrphans: [place('a')] },
        ...{ state: 'Applied', bytesToMove: 0, written: [], sent: [], requests: 0, commits: 1 },
      });
      expect(await wantedBy(place('a'))).toEqual([]);
      expect(await site.published('resources/itms-oc-mirror.yaml')).toBe(itms);
    });

    it('takes an image that is added again as it is there, and asks nobody', async () => {
      const files = {
        [file]: imageSet([names.a, names.b, { name: names.c, targetRepo: 'old/c' }]),
      };

      expect(await step(site, namespace, files, { losesState })).toEqual({
        planned: NOTHING,
        ...{ state: 'Applied', bytesToMove: 0, written: [], sent: [], requests: 0, commits: 1 },
      });
      expect(await wantedBy(place('a'))).toEqual([file]);
    });

    it('does not notice a tag that moved', async () => {
      await pushImage(from.endpoint, `${namespace}/b`, moved, '1');

      expect(await step(site, namespace, {}, { losesState })).toMatchObject({
        planned: NOTHING,
        ...{ state: 'Unchanged', requests: 0, commits: 0 },
      });
    });

    it('notices it at a resync, and moves the tag at the destination', async () => {
      const done = await step(site, namespace, {}, { losesState, isResync: true });

      expect(done).toMatchObject({ state: 'Applied', written: [place('b')], commits: 1 });
      expect(done.sent.sort()).toEqual([...moved.blobs.keys()].sort());
      const { images } = await site.lock();
      expect(images.find((line) => line.destination === place('b'))?.digest).toBe(moved.top.digest);
    });

    it('makes nothing of a second resync', async () => {
      expect(await step(site, namespace, {}, { losesState, isResync: true })).toMatchObject({
        ...{ state: 'Unchanged', written: [], sent: [], commits: 0 },
      });
    });

    it('puts an image with another target there without sending it again, and leaves the old place', async () => {
      const files = {
        [file]: imageSet([names.a, names.b, { name: names.c, targetRepo: 'new/c' }]),
      };

      expect(await step(site, namespace, files, { losesState })).toMatchObject({
        planned: { ...NOTHING, adds: ['new/c:1'], newOrphans: ['old/c:1'] },
        ...{ state: 'Applied', bytesToMove: 0, written: ['new/c:1'], sent: [], commits: 1 },
      });
      expect(await wantedBy('old/c:1')).toEqual([]);
      expect(await wantedBy('new/c:1')).toEqual([file]);
    });

    it('only writes the new name of a file that is renamed', async () => {
      const files = {
        [file]: undefined,
        'team/all.yaml': imageSet([names.a, names.b, { name: names.c, targetRepo: 'new/c' }]),
      };

      expect(await step(site, namespace, files, { losesState })).toEqual({
        planned: NOTHING,
        ...{ state: 'Applied', bytesToMove: 0, written: [], sent: [], requests: 0, commits: 1 },
      });
      expect(await wantedBy(place('a'))).toEqual(['team/all.yaml']);
    });
  });

  describe.each([
    { place: 'in its repository', repository: 'app', losesState: false },
    { place: 'in its repository', repository: 'app', losesState: true },
    { place: 'in another repository', repository: 'other', losesState: false },
    { place: 'in another repository', repository: 'other', losesState: true },
  ])('$place, with the state directory lost: $losesState', ({ repository, losesState }) => {
    it('sends one layer and the config of an image of ten layers, nine of them at the destination', async () => {
      const site = stack.use(await makeMirrorSite());
      const namespace = `layers-${repository}-${losesState ? 'lost' : 'kept'}`;
      const [nine, ten] = (await Promise.all(
        [9, 10].map((layers) => makeImage({ seed: namespace, layers })),
      )) as [MadeImage, MadeImage];
      await pushImage(from.endpoint, `${namespace}/${repository}`, nine, '9');
      await pushImage(from.endpoint, `${namespace}/app`, ten, '10');
      const name = `${from.host}/${namespace}/${repository}:9`;
      await step(site, namespace, { 'a.yaml': imageSet([name]) });

      const added = `${from.host}/${namespace}/app:10`;
      const files = { 'b.yaml': imageSet([added]) };
      const { state, bytesToMove, sent } = await step(site, namespace, files, { losesState });

      expect(state).toBe('Applied');
      const missing = [...ten.blobs.keys()].filter((digest) => !nine.blobs.has(digest));
      expect(missing).toHaveLength(2);
      expect(sent.sort()).toEqual(missing.sort());
      const bytes = missing.map((digest) => ten.blobs.get(digest)?.byteLength ?? 0);
      expect(bytesToMove).toBe(bytes.reduce((sum, size) => sum + size, 0));
    });
  });
});
