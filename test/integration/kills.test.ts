import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Matches, noFaults, requests, seededNumbers } from '../support/fault-plan.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { fortyImagesCome, makeWorld, type World } from '../support/killed-passes.ts';
import { digestAt, listRegistry, uploadsByDigest } from '../support/registry-content.ts';
import { findProgram, hasProgram } from '../support/run-program.ts';

const hasPrograms = findProgram('docker-registry') !== undefined && hasProgram('git');

/** What a process can be killed at: a request that a proxy sees, or a call of git. */
type Trigger =
  | { readonly at: 'source' | 'destination'; readonly name: string; readonly matches: Matches }
  | { readonly at: 'git'; readonly name: string; readonly command: string };

const PHASES: Readonly<Record<string, readonly Trigger[]>> = {
  look: [
    { at: 'git', name: 'git ls-remote', command: 'ls-remote' },
    { at: 'git', name: 'git fetch', command: 'fetch' },
    { at: 'destination', name: 'HEAD manifest', matches: requests('HEAD', /\/manifests\//) },
  ],
  read: [
    { at: 'source', name: 'GET manifest', matches: requests('GET', /\/manifests\//) },
    { at: 'source', name: 'GET tags', matches: requests('GET', /\/tags\//) },
  ],
  copy: [
    { at: 'source', name: 'GET blob', matches: requests('GET', /\/blobs\//) },
    { at: 'destination', name: 'POST blob', matches: requests('POST', /\/blobs\//) },
    { at: 'destination', name: 'PUT blob', matches: requests('PUT', /\/blobs\//) },
    { at: 'destination', name: 'PUT manifest', matches: requests('PUT', /\/manifests\//) },
  ],
  publish: [{ at: 'git', name: 'git push', command: 'push' }],
  delete: [
    { at: 'destination', name: 'GET tags', matches: requests('GET', /\/site\/old\/.*\/tags\//) },
    { at: 'destination', name: 'DELETE', matches: requests('DELETE', /\/manifests\//) },
    { at: 'git', name: 'second git push', command: 'push' },
  ],
};

interface Kill {
  readonly seed: string;
  readonly phase: string;
  readonly trigger: Trigger;
  /** Which of the trigger's moments, as a share of all of them. */
  readonly share: number;
  readonly when: 'before' | 'after';
}

/** Twenty moments, four in each phase; the same for the same seed. */
function kills(seed: string): Kill[] {
  return Array.from({ length: 20 }, (_, index) => {
    const chance = seededNumbers(`${seed} ${index}`);
    const phase = Object.keys(PHASES)[index % 5] ?? '';
    const triggers = PHASES[phase] ?? [];
    const trigger = triggers[Math.floor(chance() * triggers.length)];
    if (trigger === undefined) throw new Error(`no trigger in phase ${phase}`);
    const when = chance() < 0.5 ? 'before' : 'after';
    return { seed: `${seed} ${index}`, phase, trigger, share: chance(), when };
  });
}

describe.skipIf(!hasPrograms)('a controller that is killed', () => {
  let world: World & AsyncDisposable;
  let undisturbed: { content: Record<string, string>; branch: string };
  /** How often each trigger came in the undisturbed run. */
  const counts = new Map<string, number>();

  beforeAll(async () => {
    world = await makeWorld(fortyImagesCome);
    await using registry = await world.restore();
    await world.git.arm(undefined);
    for (const proxy of Object.values(world.proxy)) proxy.seen.length = 0;
    const { code, stderr } = await (await world.start()).ended;
    expect(code, stderr).toBe(0);
    undisturbed = {
      content: await listRegistry(registry.endpoint),
      branch: await world.branch(),
    };
    const calls = await world.git.calls();
    for (const trigger of Object.values(PHASES).flat()) {
      const count =
        trigger.at === 'git'
          ? (calls.get(trigger.command) ?? 0)
          : seenBy(world.proxy[trigger.at], trigger.matches);
      counts.set(trigger.name, count);
    }
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('would have done all of it: forty images came, the old ones went', () => {
    const places = Object.keys(undisturbed.content);
    expect(places.filter((place) => place.endsWith(':1.0'))).toHaveLength(40);
    expect(places.filter((place) => place.endsWith('.sig'))).toHaveLength(5);
    for (const [name, count] of counts) expect(count, name).toBeGreaterThan(0);
  });

  it.each(kills(process.env.IMAGESET_TEST_SEED ?? 'seed'))(
    'resumes: seed $seed, in phase $phase, $when $trigger.name',
    async ({ phase, trigger, share, when }) => {
      await using registry = await world.restore();
      const count = counts.get(trigger.name) ?? 0;
      // The first push publishes, the second one comes after the deletes.
      const n =
        trigger.at === 'git' && trigger.command === 'push'
          ? phase === 'publish'
            ? 1
            : 2
          : 1 + Math.floor(share * count);
      await world.git.arm(trigger.at === 'git' ? { command: trigger.command, n, when } : undefined);
      const killed = await world.start();
      if (trigger.at !== 'git') {
        killAt(world.proxy[trigger.at], trigger.matches, { n, when }, () => {
          killed.signal('SIGKILL');
        });
      }
      expect((await killed.ended).signal, `${trigger.name} ${n} of ${count}`).toBe('SIGKILL');

      // Whatever happened: what the branch names is there.
      await disarm(world);
      for (const [place, digest] of await world.locked())
        expect(await digestAt(registry.endpoint, `site/${place}`), place).toBe(digest);

      const { code, stderr } = await (await world.start()).ended;

      expect(code, stderr).toBe(0);
      expect(await listRegistry(registry.endpoint)).toEqual(undisturbed.content);
      expect(await world.branch()).toBe(undisturbed.branch);
      const sent = uploadsByDigest(await registry.requests());
      expect([...sent].filter(([, times]) => times > 1)).toEqual([]);
    },
  );
});

function seenBy(proxy: FaultProxy, matches: Matches): number {
  return proxy.seen.filter(({ method, path }) => matches({ method, path, headers: {} })).length;
}

function killAt(
  proxy: FaultProxy,
  matches: Matches,
  { n, when }: { readonly n: number; readonly when: 'before' | 'after' },
  kill: () => void,
): void {
  let seen = 0;
  proxy.plan = (request) => {
    if (matches(request)) seen += 1;
    if (seen !== n || !matches(request)) return undefined;
    if (when === 'after') return { kind: 'drop-answer', then: kill };
    kill();
    return { kind: 'drop' };
  };
}

async function disarm({ proxy, git }: World): Promise<void> {
  proxy.source.plan = noFaults;
  proxy.destination.plan = noFaults;
  await git.arm(undefined);
}
