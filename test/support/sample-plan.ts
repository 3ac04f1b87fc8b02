import type { LockedImage } from '../../src/lock/lock.ts';
import type { WantingEntry } from '../../src/lock/wanted-image.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Plan, PlannedImage } from '../../src/plan/plan.ts';

export const COMMIT = '4f5e6d7c8b9a4f5e6d7c8b9a4f5e6d7c8b9a4f5e';

export function digest(letter: string): Digest {
  return `sha256:${letter.repeat(64)}` as Digest;
}

export function entry(
  path: string,
  line: number,
  field = 'mirror.additionalImages[0]',
): WantingEntry {
  return { position: { path, line, column: 7 }, field };
}

export function planned(name: string, over: Partial<PlannedImage> = {}): PlannedImage {
  return {
    place: { host: 'registry.example.com', repository: `mirror/${name}`, tag: '1' },
    destination: `${name}:1`,
    digest: digest('a'),
    sources: [{ source: `quay.io/${name}:1`, wantedBy: ['base.yaml'] }],
    kind: 'additional',
    entries: [entry('base.yaml', 5)],
    ...over,
  };
}

export function line(name: string, over: Partial<LockedImage> = {}): LockedImage {
  const destination = `${name}:1`;
  const source = `quay.io/${name}:1`;
  return {
    destination,
    digest: digest('b'),
    source,
    kind: 'additional',
    bytes: 10,
    wantedBy: [],
    ...over,
  };
}

export function planOf(over: Partial<Plan>): Plan {
  return {
    mirror: 'prod-eu',
    destination: 'registry.example.com/mirror',
    source: { commit: COMMIT, branch: 'main' },
    adds: [],
    updates: [],
    keeps: [line('kept', { wantedBy: ['base.yaml'] })],
    orphans: [],
    deletes: [],
    held: [],
    returns: [],
    deleting: [],
    catalogs: [],
    releases: [],
    failures: [],
    bytesToMove: 0,
    configurations: [{ path: 'base.yaml', blob: COMMIT }],
    deletions: [],
    hash: digest('c'),
    ...over,
  };
}
