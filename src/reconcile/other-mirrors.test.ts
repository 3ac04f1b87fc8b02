import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import type { Digest } from '../oci/digest.ts';
import {
  type BranchLock,
  type KnownFiles,
  type KnownMirror,
  otherMirrors,
} from './other-mirrors.ts';

const ME = { name: 'me', host: 'reg.io', output: 'me' };
const A = `sha256:${'aa'.repeat(32)}` as Digest;

function line(destination: string, wantedBy: string[]): LockedImage {
  return {
    destination,
    digest: A,
    source: `q/${destination}`,
    kind: 'additional',
    bytes: 1,
    wantedBy,
  };
}

function lockIn(folder: string, over: Partial<Lock> = {}): BranchLock {
  const lock: Lock = {
    version: 1,
    mirror: folder,
    destination: 'reg.io/site',
    source: { commit: 'c', branch: 'main' },
    configurations: [],
    deletions: [],
    images: [],
    deleting: [],
    catalogs: [],
    bundles: [],
    releases: [],
    ...over,
  };
  return { folder, path: `${folder}/imageset.lock`, text: '', lock, error: undefined };
}

function unreadable(folder: string): BranchLock {
  const error = new ControllerError('LOCK_INVALID', 'broken', { remedy: 'wait-for-change' });
  return { folder, path: `${folder}/imageset.lock`, text: '', lock: undefined, error };
}

function known(output: string, files: KnownMirror['files'], host = 'reg.io'): KnownMirror {
  return { name: output, output, host, files };
}

function files(over: Partial<KnownFiles> = {}): KnownFiles {
  return { wants: () => [], listingFiles: new Set(), deletions: () => [], ...over };
}

const DELETION = { path: 'delete.yaml', blob: 'b1', places: ['reg.io/site/gone:1'] };

describe('otherMirrors', () => {
  it('believes the files of a mirror of the settings, not its lock', () => {
    const wants = ['reg.io/site/new:1'];
    const [other] = otherMirrors(
      ME,
      [known('eu', files({ wants: () => wants, deletions: () => [DELETION] }))],
      [lockIn('eu', { images: [line('old:1', ['a.yaml'])] })],
    );
    expect(other?.wants.has('reg.io/site/new:1')).toBe(true);
    expect(other?.wants.has('reg.io/site/old:1')).toBe(false);
    expect(other?.deletes.has('reg.io/site/gone:1')).toBe(true);
  });

  it.each([
    { name: 'carried out', line: { path: 'delete.yaml', blob: 'b1', images: 1 }, deletes: false },
    {
      name: 'waiting',
      line: { path: 'delete.yaml', blob: 'b1', images: 1, held: 1 },
      deletes: true,
    },
    { name: 'changed', line: { path: 'delete.yaml', blob: 'b0', images: 1 }, deletes: true },
  ])('asks a delete file that is $name', ({ line: deletion, deletes }) => {
    const lock = lockIn('eu', { deletions: [deletion] });

    const [other] = otherMirrors(ME, [known('eu', files({ deletions: () => [DELETION] }))], [lock]);

    expect(other?.deletes.has('reg.io/site/gone:1')).toBe(deletes);
  });

  it('believes the lock of a mirror whose files are wrong', () => {
    const images = [line('old:1', ['a.yaml']), line('orphan:1', [])];
    const [other] = otherMirrors(ME, [known('eu', undefined)], [lockIn('eu', { images })]);
    expect(other?.wants.has('reg.io/site/old:1')).toBe(true);
    expect(other?.wants.has('reg.io/site/orphan:1')).toBe(false);
  });

  it('keeps what a file wanted whose entries failed when its lock was written', () => {
    const lock = lockIn('eu', {
      configurations: [{ path: 'a.yaml', blob: 'b', incomplete: true }],
      images: [line('old:1', ['a.yaml'])],
    });
    const [other] = otherMirrors(ME, [known('eu', files())], [lock]);
    expect(other?.wants.has('reg.io/site/old:1')).toBe(true);
  });

  it.each([
    { name: 'by a file that wants catalogs', line: line('op/x:1', ['a.yaml']), wants: true },
    {
      name: 'by a file that was renamed since',
      line: { ...line('op/x:1', ['old.yaml']), kind: 'bundle' as const },
      wants: true,
    },
    { name: 'by another file', line: line('op/x:1', ['b.yaml']), wants: false },
    {
      name: 'by nobody',
      line: { ...line('op/x:1', []), kind: 'related-image' as const },
      wants: false,
    },
  ])(
    'counts what the lock of a mirror with catalogs has, wanted $name',
    ({ line: image, wants }) => {
      const lock = lockIn('eu', { images: [image] });
      const listingFiles = new Set(['a.yaml']);

      const [other] = otherMirrors(ME, [known('eu', files({ listingFiles }))], [lock]);

      expect(other?.wants.has('reg.io/site/op/x:1')).toBe(wants);
    },
  );

  it('does not count what was wanted of catalogs that no file wants any more', () => {
    const lock = lockIn('eu', { images: [{ ...line('op/x:1', ['a.yaml']), kind: 'bundle' }] });
    const [other] = otherMirrors(ME, [known('eu', files())], [lock]);
    expect(other?.wants.has('reg.io/site/op/x:1')).toBe(false);
  });

  it('counts a lock that the settings do not know', () => {
    const [other] = otherMirrors(
      ME,
      [],
      [lockIn('stranger', { images: [line('x:1', ['z.yaml'])] })],
    );
    expect([other?.name, other?.wants.has('reg.io/site/x:1')]).toEqual(['stranger', true]);
  });

  it.each([
    { name: 'of a mirror of the settings', mirrors: [known('eu', files())] },
    { name: 'of nobody', mirrors: [] },
  ])('lets a lock $name that cannot be read want everything', ({ mirrors }) => {
    const [other] = otherMirrors(ME, mirrors, [unreadable('eu')]);
    expect(other?.wants.has('reg.io/anything:1')).toBe(true);
  });

  it('leaves out other registries, and itself', () => {
    const mirrors = [known('me', files()), known('far', files(), 'other.io')];
    const locks = [lockIn('me'), lockIn('x', { destination: 'other.io' })];
    expect(otherMirrors(ME, mirrors, locks)).toEqual([]);
  });
});
