import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { Lock, LockedImage } from '../../lock/lock.ts';
import type { ImageKind } from '../../lock/wanted-image.ts';
import { parseDestination } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import { unresolvedReleases } from './unresolved-releases.ts';

const DESTINATION = parseDestination('docker://reg.io/site');

function line(destination: string, kind: ImageKind, wantedBy: readonly string[]): LockedImage {
  const digest = `sha256:${'ab'.repeat(32)}` as Digest;
  return { destination, kind, wantedBy, digest, source: 'q.io/a:1', bytes: 1 };
}

const LOCK: Lock = {
  version: 1,
  mirror: 'prod',
  destination: 'reg.io/site',
  source: { commit: 'c'.repeat(40), branch: 'main' },
  images: [
    line('openshift/release-images:4.18.1-x86_64', 'release', ['a.yaml', 'b.yaml']),
    line('openshift/release:4.18.1-x86_64-cli', 'release-component', ['a.yaml']),
    line('openshift/release:4.18.2-x86_64-cli', 'release-component', ['b.yaml']),
    line('openshift/graph-image:latest', 'graph', ['a.yaml']),
    line('openshift/release:4.17.0-x86_64-cli', 'release-component', []),
    line('team/app:1', 'additional', ['a.yaml']),
  ],
  ...{ configurations: [], deletions: [], deleting: [], catalogs: [], bundles: [], releases: [] },
};

function failureOf(path: string): EntryFailure {
  const error = new ControllerError('DOWNLOAD_FAILED', 'no answer', { remedy: 'retry-later' });
  const entry = { position: { path, line: 4, column: 7 }, field: 'mirror.platform.channels[0]' };
  return { entries: [entry], wanted: 'stable-4.18', error };
}

describe('unresolvedReleases', () => {
  it('names all that the lock has of releases, orphans too, where an entry fails', () => {
    const named = unresolvedReleases([failureOf('a.yaml')], LOCK, DESTINATION);
    expect([...named.keys()]).toEqual([
      'reg.io/site/openshift/release-images:4.18.1-x86_64',
      'reg.io/site/openshift/release:4.18.1-x86_64-cli',
      'reg.io/site/openshift/release:4.18.2-x86_64-cli',
      'reg.io/site/openshift/graph-image:latest',
      'reg.io/site/openshift/release:4.17.0-x86_64-cli',
    ]);
    expect(named.get('reg.io/site/openshift/graph-image:latest')?.position.path).toBe('a.yaml');
  });

  it.each([
    { what: 'where nothing fails', failures: [], lock: LOCK },
    { what: 'without a lock', failures: [failureOf('a.yaml')], lock: undefined },
    {
      what: 'of a lock for another destination',
      failures: [failureOf('a.yaml')],
      lock: { ...LOCK, destination: 'reg.io/other' },
    },
  ])('names nothing $what', ({ failures, lock }) => {
    expect(unresolvedReleases(failures, lock, DESTINATION).size).toBe(0);
  });
});
