import { describe, expect, it } from 'vitest';
import { lockOf } from '../../test/support/sample-catalogs.ts';
import {
  componentAt,
  linesOf,
  lockedRelease,
  payloadAt,
} from '../../test/support/sample-releases.ts';
import { digest, line } from '../../test/support/sample-plan.ts';
import { loadImageSets } from '../imageset/load-image-sets.ts';
import type { Lock, LockedRelease } from '../lock/lock.ts';
import { parseDestination } from '../oci/destination.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import { findLines } from './find-lines.ts';
import type { MirrorFiles } from './read-mirror-files.ts';
import { wantingEntries } from './wanting-entries.ts';

const DESTINATION = parseDestination('docker://registry.example.com/mirror');
const R9 = '4.18.9-x86_64';
const WANTED = { wantedBy: ['base.yaml'] };

function filesOf(...platforms: readonly object[]): MirrorFiles {
  const documents = platforms.map((platform) =>
    JSON.stringify({
      kind: 'ImageSetConfiguration',
      apiVersion: 'mirror.openshift.io/v2alpha1',
      mirror: { platform },
    }),
  );
  const text = documents.join('\n---\n');
  return loadImageSets([{ path: 'base.yaml', text, named: true }]) as unknown as MirrorFiles;
}

function lockWith(over: Partial<LockedRelease> = {}, name = R9): Lock {
  return lockOf({
    catalogs: [],
    images: linesOf(name, WANTED),
    releases: [lockedRelease(name, over)],
  });
}

/** The entries that want what a text means, by line and field. */
function asking(lock: Lock, text: string, files: MirrorFiles): string[] {
  const settings = { destination: DESTINATION } as MirrorSettings;
  return findLines(lock, text).flatMap((found) =>
    found.kind === 'image'
      ? wantingEntries(found, files, settings).map(
          ({ position, field }) => `${position.line} ${field}`,
        )
      : [],
  );
}

const STABLE = { name: 'stable-4.18' };
const FAST = { name: 'fast-4.18' };

describe('wantingEntries of images of releases', () => {
  it.each<[string, Partial<LockedRelease>, object, string[]]>([
    ['the channel that chose it', {}, { channels: [FAST, STABLE] }, ['channels[1]']],
    [
      'both that did',
      { channels: ['fast-4.18', 'stable-4.18'] },
      { channels: [FAST, STABLE] },
      ['channels[0]', 'channels[1]'],
    ],
    [
      'of two the one in whose range it is',
      { channels: ['fast-4.18', 'stable-4.18'] },
      {
        channels: [
          { ...FAST, minVersion: '4.18.10' },
          { ...STABLE, maxVersion: '4.18.9' },
        ],
      },
      ['channels[1]'],
    ],
    [
      'both ends of a way across channels',
      { channels: ['fast-4.18', 'stable-4.18'] },
      {
        channels: [
          { ...FAST, minVersion: '4.18.10' },
          { ...STABLE, maxVersion: '4.18.8' },
        ],
      },
      ['channels[0]', 'channels[1]'],
    ],
    ['none of another architecture', {}, { channels: [STABLE], architectures: ['arm64'] }, []],
    ['none of OKD', {}, { channels: [{ ...STABLE, type: 'okd' }] }, []],
    ['the release by its tag', { channels: [] }, { release: `a.io/b:${R9}` }, ['release']],
    [
      'the release by its digest',
      { channels: [] },
      { release: `a.io/b@${digest('a')}` },
      ['release'],
    ],
    ['no other release', { channels: [] }, { release: `a.io/b@${digest('e')}` }, []],
    ['none by graph', {}, { graph: true }, []],
  ])('are %s', (_what, over, platform, expected) => {
    const told = expected.map((field) => `1 mirror.platform.${field}`);
    expect(asking(lockWith(over), payloadAt(R9), filesOf(platform))).toEqual(told);
    expect(asking(lockWith(over), componentAt(R9, 'cli'), filesOf(platform))).toEqual(told);
  });

  it('are of the documents of files that the line names', () => {
    const files = filesOf({ channels: [STABLE], architectures: ['multi'] }, { channels: [STABLE] });
    expect(asking(lockWith(), payloadAt(R9), files)).toEqual(['3 mirror.platform.channels[0]']);
    const others = lockOf({
      catalogs: [],
      images: linesOf(R9, { wantedBy: ['other.yaml'] }),
      releases: [lockedRelease(R9)],
    });
    expect(asking(others, payloadAt(R9), files)).toEqual([]);
  });

  it('are the entry that pins one by tag which has no signature, and so no tag', () => {
    const name = 'a'.repeat(64);
    const lock = lockWith({ channels: [] }, name);
    expect(asking(lock, payloadAt(name), filesOf({ release: 'a.io/b:4.18.9' }))).toEqual([
      '1 mirror.platform.release',
    ]);
    expect(asking(lock, payloadAt(name), filesOf({ release: `a.io/b@${digest('e')}` }))).toEqual(
      [],
    );
  });

  it('are of a graph image those that ask for it', () => {
    const at = 'openshift/graph-image:latest';
    const graph = line('x', { destination: at, kind: 'graph', source: 'https://a/b', ...WANTED });
    const lock = lockOf({ catalogs: [], images: [graph] });
    expect(asking(lock, at, filesOf({ graph: true }, { graph: false }))).toEqual([
      '1 mirror.platform.graph',
    ]);
  });
});

describe('findLines', () => {
  it.each<[string, Partial<Lock>, string[]]>([
    ['its payload', { images: linesOf(R9) }, [payloadAt(R9)]],
    [
      'its components where it has no payload yet',
      { images: linesOf(R9).slice(0, 2) },
      [componentAt(R9, 'cli'), componentAt(R9, 'hyperkube')],
    ],
    [
      'a payload that is leaving',
      {
        images: linesOf(R9).slice(0, 2),
        deleting: linesOf(R9)
          .slice(2)
          .map(({ wantedBy, ...one }) => {
            return { ...one, since: 'c'.repeat(40), reason: 'delete.yaml' };
          }),
      },
      [payloadAt(R9)],
    ],
  ])('takes the name of a release for %s', (_what, over, expected) => {
    const releases = [lockedRelease(R9), lockedRelease('4.18.1-x86_64')];
    const images = [...(over.images ?? []), ...linesOf('4.18.1-x86_64')];
    const lock = lockOf({ catalogs: [], ...over, images, releases });
    const found = findLines(lock, R9);
    expect(found.map(({ line: one }) => one.destination)).toEqual(expected);
    expect(found.map(({ release }) => release)).toEqual(expected.map(() => lockedRelease(R9)));
  });

  it('tells of each image of a release which it is of', () => {
    const lock = lockWith();
    const found = findLines(lock, componentAt(R9, 'cli'));
    expect(found.map(({ release }) => release)).toEqual([lockedRelease(R9)]);
    expect(findLines(lockOf({ images: [line('a')] }), 'a:1')[0]?.release).toBeUndefined();
  });
});
