import { mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeys } from 'openpgp';
import { describe, expect, it } from 'vitest';
import { type LoopbackServer, startLoopbackServer } from '../../../test/support/loopback-server.ts';
import { signRelease } from '../../../test/support/releases/sign-release.ts';
import { makeSigningKey } from '../../../test/support/releases/signing-key.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { ControllerError } from '../../base/controller-error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { WebClient } from '../../web/web-client.ts';
import { okdKeysMissing } from './key-ring.ts';
import type { ReleaseSignature, SignatureStore } from './release-signature.ts';
import { type SignatureStoreOptions, openSignatureStore } from './signature-store.ts';

const { signal } = new AbortController();
const HEX = 'a1'.repeat(32);
const PAYLOAD = `sha256:${HEX}` as Digest;
const OTHER = `sha256:${'b2'.repeat(32)}` as Digest;
const KEY = makeSigningKey('release');
const REFERENCE = 'quay.io/openshift-release-dev/ocp-release:4.18.2-x86_64';
const NAMES = { url: 'releases.signatureUrl', keys: 'releases.keysFile' };
const NAME = `4.18.2-x86_64-sha256-${HEX}`;
const GOOD = signRelease({ digest: PAYLOAD, reference: REFERENCE, key: KEY });
const STRANGE = signRelease({ digest: PAYLOAD, reference: REFERENCE, key: makeSigningKey('x') });
const OF_OTHER = signRelease({ digest: OTHER, reference: REFERENCE, key: KEY });

type Answers = readonly (Uint8Array | number | undefined)[];

interface World extends AsyncDisposable {
  readonly server: LoopbackServer;
  readonly folder: string;
  open(options?: Partial<SignatureStoreOptions>): SignatureStore;
  asked(): string[];
}

/** A store that answers what the list has, in its order, and 404 after it. */
async function makeWorld(answers: Answers, base = '/signatures/'): Promise<World> {
  const folder = await temporaryFolder();
  const server = await startLoopbackServer(({ url }, response) => {
    const answer = answers[Number(/signature-(\d+)$/.exec(url)?.[1]) - 1];
    response.statusCode = typeof answer === 'number' ? answer : answer === undefined ? 404 : 200;
    response.end(typeof answer === 'object' ? answer : undefined);
  });
  const read = await readKeys({ armoredKeys: KEY.armoured });
  const keys = read.map((key) => key.toPublic());
  const path = join(folder.path, 'working-dir', 'signatures');
  return {
    server,
    folder: path,
    open: (options = {}) =>
      openSignatureStore({
        web: fetchingClient(),
        url: new URL(base, server.origin),
        ring: { name: 'the test', keys },
        folder: path,
        names: NAMES,
        now: () => new Date('2026-11-01T00:00:00Z'),
        ...options,
      }),
    asked: () => server.seen.map(({ url }) => url.replace(HEX, 'HEX')),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function fetchingClient(): WebClient {
  return {
    async get(url, { limitBytes }) {
      const response = await fetch(url);
      const body = new Uint8Array(await response.arrayBuffer());
      if (response.status === 404) return { kind: 'missing' };
      if (response.status === 200 && body.length <= limitBytes)
        return { kind: 'found', body, validators: {} };
      throw new ControllerError('DOWNLOAD_FAILED', `${url.pathname} answered ${response.status}`, {
        remedy: 'retry-later',
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

describe('a signature store', () => {
  it('gives the signature that is good, and keeps it for its user alone', async () => {
    await using world = await makeWorld([GOOD]);
    const found = await world.open().find(PAYLOAD, signal);
    expect(found?.reference.tag).toBe('4.18.2-x86_64');
    expect(world.asked()).toEqual(['/signatures/sha256=HEX/signature-1']);
    expect(await readdir(world.folder)).toEqual([NAME]);
    const file = join(world.folder, NAME);
    expect((await readFile(file)).equals(GOOD)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each([
    { base: '/a', path: '/a/' },
    { base: '/a/b/', path: '/a/b/' },
    { base: '/a//', path: '/a/' },
    { base: '/', path: '/' },
  ])('puts exactly one slash behind $base', async ({ base, path }) => {
    await using world = await makeWorld([GOOD], base);
    await world.open().find(PAYLOAD, signal);
    expect(world.asked()).toEqual([`${path}sha256=HEX/signature-1`]);
  });

  it('tries one signature after the other until one is good', async () => {
    await using world = await makeWorld([STRANGE, OF_OTHER, GOOD, STRANGE]);
    const found = await world.open().find(PAYLOAD, signal);
    expect(found?.bytes).toEqual(new Uint8Array(GOOD));
    expect(world.server.seen).toHaveLength(3);
  });

  it('says of each signature why it does not count, when none does', async () => {
    await using world = await makeWorld([STRANGE, OF_OTHER]);
    const error: unknown = await world
      .open()
      .find(PAYLOAD, signal)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'SIGNATURE_INVALID' });
    const { message, hint } = error as ControllerError;
    expect(message).toMatch(/signature-1: .*not among the keys.*signature-2: .*another image/);
    expect(message).toContain(PAYLOAD);
    expect(hint).toContain('releases.signatureUrl');
    expect(hint).toContain('releases.keysFile');
    expect(world.server.seen).toHaveLength(3);
    await expect(readdir(world.folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('asks for nine signatures at most', async () => {
    await using world = await makeWorld(Array<Uint8Array>(20).fill(STRANGE));
    await expect(world.open().find(PAYLOAD, signal)).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    expect(world.server.seen).toHaveLength(9);
  });

  it('finds none where there is none', async () => {
    await using world = await makeWorld([]);
    expect(await world.open().find(PAYLOAD, signal)).toBeUndefined();
  });

  it.each([{ answers: [500] }, { answers: [STRANGE, 403] }, { answers: [Buffer.alloc(60_000)] }])(
    'fails when the server does',
    async ({ answers }) => {
      await using world = await makeWorld(answers);
      await expect(world.open().find(PAYLOAD, signal)).rejects.toMatchObject({
        code: 'DOWNLOAD_FAILED',
      });
    },
  );

  it('asks once for a payload, but again after a failure or where there was none', async () => {
    const answers: (Uint8Array | number)[] = [503];
    await using world = await makeWorld(answers);
    const store = world.open();
    const askTwice = (): Promise<PromiseSettledResult<ReleaseSignature | undefined>[]> =>
      Promise.allSettled([store.find(PAYLOAD, signal), store.find(PAYLOAD, signal)]);
    expect((await askTwice()).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(world.server.seen).toHaveLength(1);
    answers[0] = 404;
    expect(await store.find(PAYLOAD, signal)).toBeUndefined();
    answers[0] = GOOD;
    const [one, two] = await askTwice();
    expect(one).toEqual(two);
    expect((await store.find(PAYLOAD, signal))?.reference.tag).toBe('4.18.2-x86_64');
    expect(world.server.seen).toHaveLength(3);
  });

  it('without keys fails for every payload, without a question', async () => {
    await using world = await makeWorld([GOOD]);
    const ring = okdKeysMissing('releases.okd.keysFile');
    await expect(world.open({ ring }).find(PAYLOAD, signal)).rejects.toBe(ring);
    expect(world.server.seen).toHaveLength(0);
  });
});

describe('a signature that was kept', () => {
  async function keep(world: World, name: string, bytes: Uint8Array): Promise<void> {
    await mkdir(world.folder, { recursive: true });
    await writeFile(join(world.folder, name), bytes);
  }

  it('is taken without a question', async () => {
    await using world = await makeWorld([500]);
    await keep(world, NAME, GOOD);
    expect((await world.open().find(PAYLOAD, signal))?.reference.tag).toBe('4.18.2-x86_64');
    expect(world.server.seen).toHaveLength(0);
  });

  it.each([
    { what: 'by a stranger', bytes: STRANGE },
    { what: 'of another release', bytes: OF_OTHER },
    { what: 'huge', bytes: Buffer.alloc(100_000) },
    { what: 'empty', bytes: Buffer.alloc(0) },
  ])('is not taken when it is $what, and replaced by a good one', async ({ bytes }) => {
    await using world = await makeWorld([GOOD]);
    await keep(world, NAME, bytes);
    expect((await world.open().find(PAYLOAD, signal))?.bytes).toEqual(new Uint8Array(GOOD));
    expect((await readFile(join(world.folder, NAME))).equals(GOOD)).toBe(true);
  });

  it('is found among those of many other releases', async () => {
    await using world = await makeWorld([500]);
    const hexes = Array.from({ length: 30 }, (_, index) => String(index).padStart(64, '0'));
    for (const hex of hexes) await keep(world, `4.1.0-x86_64-sha256-${hex}`, OF_OTHER);
    await keep(world, NAME, GOOD);
    await world.open().find(PAYLOAD, signal);
    expect(world.server.seen).toHaveLength(0);
  });

  it('counts beside a bad one of another tag', async () => {
    await using world = await makeWorld([500]);
    await keep(world, `4.18.1-x86_64-sha256-${HEX}`, STRANGE);
    await keep(world, NAME, GOOD);
    await world.open().find(PAYLOAD, signal);
    expect(world.server.seen).toHaveLength(0);
  });

  it('is no link out of the folder', async () => {
    await using world = await makeWorld([]);
    await mkdir(world.folder, { recursive: true });
    const outside = join(world.folder, '..', 'elsewhere');
    await writeFile(outside, GOOD);
    await symlink(outside, join(world.folder, NAME));
    expect(await world.open().find(PAYLOAD, signal)).toBeUndefined();
  });

  it('cannot be where the folder is a file', async () => {
    await using world = await makeWorld([GOOD]);
    const file = join(world.folder, '..', 'signatures');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, 'no folder');
    await expect(world.open().find(PAYLOAD, signal)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});
