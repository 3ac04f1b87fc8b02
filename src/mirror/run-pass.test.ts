import { expect, it } from 'vitest';
import { makeImage, makeIndex, type MadeImage } from '../../test/support/make-image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../../test/support/memory-ends.ts';
import { createManifestCache } from '../store/manifest-cache.ts';
import { runPass, type PassImage, type PassOptions } from './run-pass.ts';

const { signal } = new AbortController();

it('collects failures and copies the rest', async () => {
  const { from, to } = registries();
  const good = await makeImage({ seed: 'good' });
  const bad = await makeImage({ seed: 'bad' });
  from.add('good', good);

  const results = await runPass(
    [imageOf(from, to, 'bad', bad), imageOf(from, to, 'good', good)],
    // The good one starts when the bad one has failed.
    { ...options(), parallelImages: 1 },
    signal,
  );

  expect(results.get('bad')).toMatchObject({
    status: 'failed',
    error: { code: 'REGISTRY_NOT_FOUND' },
  });
  expect(results.get('good')).toMatchObject({ status: 'copied', result: { blobsSent: 3 } });
  expect(to.repository('good').tags.get('1.0')).toBe(good.top.digest);
});

it('sends what images share once, and mounts it in the other repositories', async () => {
  const { from, to } = registries();
  const shared = await makeImage({ seed: 'shared', layers: 3 });
  const index = makeIndex([shared, await makeImage({ seed: 'own', layers: 1 })]);
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) from.add(name, index);

  const results = await runPass(
    names.map((name) => imageOf(from, to, name, index)),
    options(),
    signal,
  );

  expect([...results.values()].map(({ status }) => status)).toEqual(names.map(() => 'copied'));
  expect(to.requested('send')).toHaveLength(index.blobs.size);
  expect(to.requested('begin')).toHaveLength(index.blobs.size * names.length);
  expect(from.requested('read')).toHaveLength(index.manifests.length);
});

it('puts a manifest under one tag after the other, and below an index once', async () => {
  const { from, to } = registries();
  const shared = await makeImage({ seed: 'shared' });
  const indexes = [
    makeIndex([shared, await makeImage({ seed: 'first' })]),
    makeIndex([shared, await makeImage({ seed: 'second' })]),
  ];
  from.add('app', shared);
  for (const index of indexes) from.add('app', index);
  const tags = ['one', 'two', 'three'];
  const puts = (): string[] =>
    [...tags, shared.top.digest].flatMap((name) => to.requested(`put app ${name}`));
  let now = 0;
  let most = 0;
  to.before = async (request) => {
    if (!puts().includes(request)) return;
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
  };
  const tagged = (tag: string, image: MadeImage): PassImage => ({
    ...imageOf(from, to, 'app', image),
    id: tag,
    tag,
  });

  const results = await runPass(
    [
      ...tags.map((tag) => tagged(tag, shared)),
      ...indexes.map((index, at) => tagged(`index-${at}`, index)),
    ],
    options(),
    signal,
  );

  expect([...results.values()].map(({ status }) => status)).toEqual(Array(5).fill('copied'));
  expect(most).toBe(1);
  expect(to.requested(`put app ${shared.top.digest}`).length).toBeLessThanOrEqual(1);
});

it('starts lower ranks first, as many at once as allowed', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  const started: string[] = [];
  let now = 0;
  let most = 0;
  const ranks = { catalog: 9, one: 1, two: 1, payload: 2, three: 1 };
  for (const name of Object.keys(ranks)) from.add(name, image);

  await runPass(
    Object.entries(ranks).map(([name, rank]) => ({ ...imageOf(from, to, name, image), rank })),
    {
      ...options(),
      parallelImages: 2,
      progress: {
        report(event) {
          if (event.kind === 'image-started') started.push(event.image);
          if (event.kind === 'image-started') now += 1;
          if (event.kind === 'image-finished') now -= 1;
          most = Math.max(most, now);
        },
      },
    },
    signal,
  );

  expect(started).toEqual(['one', 'two', 'three', 'payload', 'catalog']);
  expect(most).toBe(2);
});

it('waits for what an image waits for, although it failed, and skips what requires it', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  for (const name of ['waiting', 'requiring', 'further', 'free']) from.add(name, image);
  const order: string[] = [];
  const absent = await makeImage({ seed: 'absent' });

  const results = await runPass(
    [
      { ...imageOf(from, to, 'further', image), rank: 0, requires: ['requiring'] },
      { ...imageOf(from, to, 'requiring', image), rank: 0, requires: ['absent', 'free'] },
      { ...imageOf(from, to, 'waiting', image), rank: 0, waitsFor: ['absent', 'not-in-the-pass'] },
      { ...imageOf(from, to, 'absent', absent), rank: 5 },
      { ...imageOf(from, to, 'free', image), rank: 5 },
    ],
    {
      ...options(),
      progress: {
        report: (event) => {
          if ('image' in event && event.kind !== 'image-read' && !event.kind.startsWith('bytes'))
            order.push(`${event.kind} ${event.image}`);
        },
      },
    },
    signal,
  );

  expect([...results].map(([id, { status }]) => `${id} ${status}`)).toEqual([
    'further skipped',
    'requiring skipped',
    'waiting copied',
    'absent failed',
    'free copied',
  ]);
  expect(results.get('requiring')).toEqual({ status: 'skipped', failed: ['absent'] });
  expect(order.indexOf('image-started waiting')).toBeGreaterThan(
    order.indexOf('image-failed absent'),
  );
});

it('refuses images that wait for each other', async () => {
  const { from, to } = registries();
  const image = await makeImage();

  const pass = runPass(
    [
      { ...imageOf(from, to, 'a', image), waitsFor: ['b'] },
      { ...imageOf(from, to, 'b', image), requires: ['a'] },
    ],
    options(),
    signal,
  );

  await expect(pass).rejects.toThrow('wait for each other');
});

it('says what is left when it is aborted', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  for (const name of ['a', 'b', 'c']) from.add(name, image);
  const abort = new AbortController();
  to.before = (request) => {
    if (request.startsWith('put b')) abort.abort();
  };

  const results = await runPass(
    ['a', 'b', 'c'].map((name) => imageOf(from, to, name, image)),
    { ...options(), parallelImages: 1 },
    abort.signal,
  );

  expect([...results].map(([id, { status }]) => `${id} ${status}`)).toEqual([
    'a copied',
    'b aborted',
    'c not-started',
  ]);
  expect(to.repository('b').tags.size).toBe(0);
});

it('finishes what is in flight when it is stopped', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  for (const name of ['a', 'b']) from.add(name, image);
  const stop = new AbortController();
  to.before = (request) => {
    if (request.startsWith('begin a')) stop.abort();
  };

  const results = await runPass(
    ['a', 'b'].map((name) => imageOf(from, to, name, image)),
    { ...options(), parallelImages: 1, stopping: stop.signal },
    signal,
  );

  expect([...results].map(([id, { status }]) => `${id} ${status}`)).toEqual([
    'a copied',
    'b not-started',
  ]);
});

it('gives an image up that takes too long', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('a', image);
  to.before = (_request, requestSignal) =>
    new Promise((_resolve, reject) => {
      requestSignal.addEventListener('abort', () => {
        reject(requestSignal.reason as Error);
      });
    });

  const results = await runPass(
    [imageOf(from, to, 'a', image)],
    { ...options(), imageTimeoutMs: 20 },
    signal,
  );

  expect(results.get('a')).toMatchObject({
    status: 'failed',
    error: { code: 'TIMEOUT', remedy: 'retry-later' },
  });
});

it('reports a defect as the failure of its image', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('a', image);
  to.before = () => {
    throw new TypeError('undefined is not a function');
  };

  const results = await runPass([imageOf(from, to, 'a', image)], options(), signal);

  expect(results.get('a')).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
});

function registries(): { from: MemoryRegistry; to: MemoryRegistry } {
  return { from: createMemoryRegistry('from.test'), to: createMemoryRegistry('to.test') };
}

function options(): PassOptions {
  return {
    manifests: createManifestCache({ limitBytes: 1_000_000 }),
    pause: () => Promise.resolve(),
  };
}

function imageOf(
  from: MemoryRegistry,
  to: MemoryRegistry,
  name: string,
  image: MadeImage,
): PassImage {
  return {
    id: name,
    source: from.source(name),
    target: to.target(name),
    digest: image.top.digest,
    tag: '1.0',
    rank: 0,
  };
}
