import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstOf, noFaults, requests } from '../support/fault-plan.ts';
import { fortyImagesCome, makeWorld, type World } from '../support/killed-passes.ts';
import { listRegistry, uploadsByDigest } from '../support/registry-content.ts';
import { findProgram, hasProgram } from '../support/run-program.ts';

const hasPrograms = findProgram('docker-registry') !== undefined && hasProgram('git');

describe.skipIf(!hasPrograms)('a controller that is told to stop', () => {
  let world: World & AsyncDisposable;

  beforeAll(async () => {
    world = await makeWorld(fortyImagesCome);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it.each([
    { signal: 'SIGTERM', code: 143 },
    { signal: 'SIGINT', code: 130 },
  ] as const)(
    'by $signal finishes what is in flight, says what is left and ends with $code',
    async ({ signal, code }) => {
      await using registry = await world.restore();
      const before = await world.branch();
      const fifth = firstOf(1, requests('PUT', /\/manifests\//), { kind: 'delay', ms: 1 }, 4);
      world.proxy.destination.plan = (request) => {
        const fault = fifth(request);
        if (fault !== undefined) stopped.signal(signal);
        return fault;
      };
      const stopped = await world.start();

      const ended = await stopped.ended;

      expect(ended.code, ended.stderr).toBe(code);
      const said = ended.stdout + ended.stderr;
      const [, done = '', all = '', left = ''] =
        /stopped: (\d+) of (\d+) images are done, left are (.*)/.exec(said) ?? [];
      expect(all, said).toBe('40');
      // Eight were in flight when the fifth manifest of all came.
      expect(Number(done)).toBeGreaterThanOrEqual(8);
      expect(left).toMatch(/^app\/\d+:1\.0/);
      expect(said).toContain('hint: ');
      // What was begun was finished: nothing is left half.
      const content = await listRegistry(registry.endpoint);
      const there = Object.keys(content).filter((place) => /^site\/app\/\d+:1\.0$/.test(place));
      expect(there).toHaveLength(Number(done));
      expect(await world.branch()).toBe(before);

      world.proxy.destination.plan = noFaults;
      const again = await (await world.start()).ended;
      expect(again.code, again.stderr).toBe(0);
      const sent = uploadsByDigest(await registry.requests());
      expect([...sent].filter(([, times]) => times > 1)).toEqual([]);
    },
  );

  it('abandons a transfer that does not end, after a while', async () => {
    await using registry = await world.restore();
    const before = await world.branch();
    const { source } = world.proxy;
    source.seen.length = 0;
    const stall = { kind: 'stall', afterBytes: 10 } as const;
    const stalls = firstOf(1, requests('GET', /\/blobs\//), stall, 3);
    world.proxy.source.plan = (request) => {
      const fault = stalls(request);
      if (fault !== undefined) stopped.signal('SIGTERM');
      return fault;
    };
    const stopped = await world.start();

    const ended = await stopped.ended;

    expect(ended.code, ended.stderr).toBe(143);
    expect(ended.stdout + ended.stderr).toMatch(/stopped/);
    // After a minute of silence it would have been asked for again.
    const [stalled] = source.seen.filter(({ fault }) => fault === 'stall');
    expect(source.seen.filter(({ path }) => path === stalled?.path)).toHaveLength(1);
    expect(await world.branch()).toBe(before);
    expect(Object.keys(await listRegistry(registry.endpoint)).length).toBeLessThan(46);
  });

  it('ends at once when it is told twice', async () => {
    await using registry = await world.restore();
    const stall = { kind: 'stall', afterBytes: 10 } as const;
    const stalls = firstOf(1, requests('GET', /\/blobs\//), stall);
    world.proxy.source.plan = (request) => {
      const fault = stalls(request);
      if (fault !== undefined) stopped.signal('SIGTERM');
      return fault;
    };
    const stopped = await world.start();
    setTimeout(() => {
      stopped.signal('SIGTERM');
    }, 3000);

    const ended = await stopped.ended;
    expect(ended.code, ended.stderr).toBe(143);
    // It says what is left at the end of a pass, and this one has none.
    expect(ended.stdout + ended.stderr).not.toContain('stopped');
    world.proxy.source.plan = noFaults;
    expect(await listRegistry(registry.endpoint)).toHaveProperty(['site/old/0:1.0']);
  });
});
