import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { compareText } from '../base/compare-text.ts';
import type { Digest } from '../oci/digest.ts';
import { type DeletingImage, type Lock, type LockedImage, formatLock, parseLock } from './lock.ts';
import type { ImageKind } from './wanted-image.ts';

const HEX_DIGITS = '0123456789abcdef'.split('');
const KINDS: readonly ImageKind[] = ['release', 'bundle', 'catalog', 'additional', 'helm'];

describe('a lock of any content', () => {
  it('is the same bytes after reading and writing, and the same to a YAML parser', () => {
    fc.assert(
      fc.property(anyLock(), (lock) => {
        const text = formatLock(lock);
        const read = parseLock('imageset.lock', text);
        expect(canonical(read)).toEqual(canonical(lock));
        expect(formatLock(read)).toBe(text);
        expect(parseYaml(text, { maxAliasCount: 0 })).toEqual(JSON.parse(JSON.stringify(read)));
      }),
      { numRuns: 200 },
    );
  });

  it('is read or refused with LOCK_INVALID when somebody has edited it, and never read as something else', () => {
    const pieces = [
      '\n',
      '  - ',
      '{',
      '}',
      '"',
      '[',
      ']',
      ': ',
      '\\',
      '&a ',
      '*a',
      '#',
      '\t',
      '0',
      'images:',
    ];
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      removed: fc.nat(30),
      added: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 5 })),
    });
    fc.assert(
      fc.property(anyLock(), fc.array(edit, { minLength: 1, maxLength: 4 }), (lock, edits) => {
        let text = formatLock(lock);
        for (const { at, removed, added } of edits) {
          const start = Math.floor(at * text.length);
          text = text.slice(0, start) + added + text.slice(start + removed);
        }
        const read = readOrRefuse(text);
        if (read === undefined) return;
        expect(parseLock('imageset.lock', formatLock(read))).toEqual(read);
        expect(parseYaml(text, { maxAliasCount: 0 })).toMatchObject(
          JSON.parse(JSON.stringify(read)),
        );
      }),
      { numRuns: 500 },
    );
  });
});

/** The same for locks that say the same: lists are sets in them, and their order is not kept. */
function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => compareText(a, b));
    return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
  }
  const items = new Map(value.map((item) => [JSON.stringify(canonical(item)), canonical(item)]));
  return [...items].sort(([a], [b]) => compareText(a, b)).map(([, item]) => item);
}

function readOrRefuse(text: string): Lock | undefined {
  try {
    return parseLock('imageset.lock', text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'LOCK_INVALID' });
    return undefined;
  }
}

function anyLock(): fc.Arbitrary<Lock> {
  const hex = (length: number): fc.Arbitrary<string> =>
    fc.string({
      unit: fc.constantFrom(...HEX_DIGITS),
      minLength: length,
      maxLength: length,
    });
  const digest = hex(64).map((text) => `sha256:${text}` as Digest);
  const gitId = hex(40);
  // What the schema refuses, the property leaves out.
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((t) => !/\p{Cc}/u.test(t));
  const path = fc.stringMatching(/^\/?[a-z0-9]{1,9}(?:[./_-][a-z0-9]{1,9}){0,3}$/);
  const tag = fc.stringMatching(/^\w[\w.-]{0,20}$/);
  const place = fc.tuple(path, tag).map(([p, t]) => `${p}:${t}`);
  const source = fc.tuple(path, tag).map(([p, t]) => `quay.io/a${p.replace('/', '')}:${t}`);
  const yes = fc.constant(true as const);
  const platform = fc.record({ os: text, architecture: text });
  const facts = {
    destination: place,
    source,
    kind: fc.constantFrom(...KINDS),
    bytes: fc.maxSafeNat(),
  };
  const more = { platforms: fc.array(platform, { minLength: 1, maxLength: 3 }), superseded: yes };
  const always = (): ('destination' | 'source' | 'kind' | 'bytes')[] => [
    'destination',
    'source',
    'kind',
    'bytes',
  ];
  // One digest a place: made of the place, as the check wants it.
  const digestOf = (destination: string): Digest =>
    `sha256:${Buffer.from(destination).toString('hex').padEnd(64, '0').slice(0, 64)}` as Digest;
  const image = fc
    .tuple(fc.record({ ...facts, ...more }, { requiredKeys: always() }), fc.array(text))
    .map(([line, wantedBy]): LockedImage => ({
      ...line,
      digest: digestOf(line.destination),
      wantedBy,
    }));
  const leaving = fc
    .tuple(
      fc.record({ ...facts, ...more, held: text }, { requiredKeys: always() }),
      gitId,
      text,
      digest,
    )
    .map(([line, since, reason, itsDigest]): DeletingImage => {
      return {
        ...line,
        destination: `leaving/${line.destination.replace('/', '')}`,
        digest: itsDigest,
        since,
        reason,
      };
    });
  const once = <T>(items: fc.Arbitrary<T>, selector: (item: T) => string): fc.Arbitrary<T[]> =>
    fc.uniqueArray(items, { selector, maxLength: 8 });
  const byPlace = (line: { destination: string; source: string }): string =>
    `${line.destination} ${line.source}`;
  return fc.record({
    version: fc.constant(1 as const),
    mirror: text,
    destination: fc.constantFrom(
      'registry.example.com:5000/mirror',
      '10.0.0.1:5000',
      'localhost/a',
    ),
    source: fc.record({ commit: gitId, branch: text }),
    configurations: once(
      fc.record({ path: text, blob: gitId, incomplete: yes }, { requiredKeys: ['path', 'blob'] }),
      ({ path: p }) => p,
    ),
    deletions: once(
      fc.record(
        { path: text, blob: gitId, images: fc.nat(), held: fc.integer({ min: 1 }) },
        { requiredKeys: ['path', 'blob', 'images'] },
      ),
      ({ path: p }) => p,
    ),
    // Places with one digest: see digestOf. Two places may share its first 32 bytes, which is no matter.
    images: once(image, byPlace),
    deleting: once(leaving, byPlace),
    catalogs: once(
      fc
        .tuple(
          fc.record(
            {
              destination: place,
              source,
              sourceDigest: digest,
              inputs: digest,
              without: fc.array(text, { minLength: 1 }),
              template: text,
            },
            { requiredKeys: ['destination', 'source', 'sourceDigest'] },
          ),
        )
        .map(([line]) => ({ ...line, name: nameOf(line.destination) })),
      ({ destination }) => destination,
    ),
    bundles: once(
      fc.record({
        catalog: place,
        package: text,
        bundle: text,
        version: text,
        channels: fc.array(text),
        images: fc.array(place),
      }),
      ({ catalog, bundle }) => `${bundle} of ${catalog}`,
    ),
    releases: once(
      fc.record(
        { release: text, payload: digest, channels: fc.array(text), signature: digest },
        { requiredKeys: ['release', 'payload', 'channels'] },
      ),
      ({ release }) => release,
    ),
  });
}

/** A name of its own for each destination, as the lock allows it. */
function nameOf(destination: string): string {
  return createHash('sha256').update(destination).digest('hex').slice(0, 60);
}
