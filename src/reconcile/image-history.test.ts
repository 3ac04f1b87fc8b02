import { expect, it } from 'vitest';
import { lockOf } from '../../test/support/sample-catalogs.ts';
import {
  componentAt,
  linesOf,
  lockedRelease,
  payloadAt,
} from '../../test/support/sample-releases.ts';
import type { Commit } from '../git/commit-history.ts';
import type { GitRepository } from '../git/git-repository.ts';
import { type Lock, formatLock } from '../lock/lock.ts';
import { imageHistory } from './image-history.ts';

const RELEASE = '4.18.1-x86_64';

/** What a repository has that such locks were committed to, oldest first. */
function repositoryOf(...locks: readonly Lock[]): GitRepository {
  const fake: Pick<GitRepository, 'history' | 'readFile'> = {
    async *history() {
      for (const index of locks.keys()) {
        yield { id: String(locks.length - 1 - index), message: '' } as Commit;
        await Promise.resolve();
      }
    },
    readFile: (id) => {
      const lock = locks[Number(id)];
      if (lock === undefined) return Promise.reject(new Error(`there is no commit ${id}`));
      return Promise.resolve({ kind: 'file', content: Buffer.from(formatLock(lock)) } as never);
    },
  };
  return fake as GitRepository;
}

it('tells of a release what became of its payload', async () => {
  const [cli, hyperkube, payload] = linesOf(RELEASE);
  if (!cli || !hyperkube || !payload) throw new Error('a sample release has three images');
  const base = { catalogs: [], releases: [lockedRelease(RELEASE)] };
  const { wantedBy, ...rest } = payload;
  const leaving = { ...rest, since: 'c'.repeat(40), reason: 'delete.yaml' };
  const repository = repositoryOf(
    lockOf({ ...base, images: [cli, hyperkube] }),
    lockOf({ ...base, images: [cli, hyperkube, payload] }),
    lockOf({ ...base, images: [cli, hyperkube], deleting: [leaving] }),
    lockOf({ ...base, images: [cli] }),
  );
  const told = async (text: string): Promise<string[]> => {
    const options = { head: '3', lockPath: 'imageset.lock', text };
    const changes = imageHistory(repository, options, AbortSignal.any([]));
    return Array.fromAsync(changes, ({ commit, change, place }) => {
      return `${commit.id} ${change} ${place.slice('registry.example.com/mirror/'.length)}`;
    });
  };

  expect(await told(RELEASE)).toEqual([
    `3 removed ${payloadAt(RELEASE)}`,
    `2 leaving ${payloadAt(RELEASE)}`,
    `1 added ${payloadAt(RELEASE)}`,
  ]);
  expect(await told(componentAt(RELEASE, 'hyperkube'))).toEqual([
    `3 removed ${componentAt(RELEASE, 'hyperkube')}`,
    `0 added ${componentAt(RELEASE, 'hyperkube')}`,
  ]);
});
