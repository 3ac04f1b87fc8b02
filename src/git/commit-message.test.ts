import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatCommitMessage, parseTrailers, type MirrorCommit } from './commit-message.ts';

const COMMIT: MirrorCommit = {
  mirror: 'prod-eu',
  change: { kind: 'published', added: 12, addedBytes: 3_651_234_567, leaving: 2 },
  sourceCommit: '4f5e6d7c8b9a0123456789abcdef0123456789ab',
  sourceSubject: 'Add OpenShift 4.18.9 (#214)',
  plan: `sha256:${'0'.repeat(64)}`,
  total: 401,
  releases: { sum: '', each: [] },
  catalogs: [],
  failures: [],
};

it('has a subject and the source subject for people, and trailers for machines', () => {
  expect(formatCommitMessage(COMMIT)).toBe(`mirror(prod-eu): 12 images added (3.4 GiB), 2 leaving

Add OpenShift 4.18.9 (#214)

Imageset-Mirror: prod-eu
Imageset-Source-Commit: 4f5e6d7c8b9a0123456789abcdef0123456789ab
Imageset-Plan: sha256:${'0'.repeat(64)}
Imageset-Images: +12 -2 =401
Imageset-Bytes: 3651234567
`);
});

it.each([
  [{ kind: 'published', added: 1, addedBytes: 10, leaving: 0 }, '1 image added (10 B)'],
  [{ kind: 'published', added: 0, addedBytes: 0, leaving: 1 }, '1 image leaving'],
  [{ kind: 'published', added: 0, addedBytes: 0, leaving: 0 }, 'resources updated'],
  [{ kind: 'deleted', images: 2 }, '2 images deleted'],
] as const)('says of %j: %s', (change, subject) => {
  const message = formatCommitMessage({ ...COMMIT, change });
  expect(message.split('\n', 1)[0]).toBe(`mirror(prod-eu): ${subject}`);
});

it('names what failed, and counts what it does not name', () => {
  const failures = Array.from({ length: 60 }, (_, index) => `image ${index}\nImageset-Bytes: 1`);
  const message = formatCommitMessage({ ...COMMIT, failures });
  expect(message).toContain('\nNot done:\n- image 0 Imageset-Bytes: 1\n- image 1');
  expect(message).toContain('\n- and 10 more\n\nImageset-Mirror');
});

it('says what became of releases, before operator catalogs', () => {
  const each = Array.from({ length: 30 }, (_, index) => `4.18.${index}-x86_64: new,\n2 images`);
  const releases = { sum: '30 releases added', each };
  const message = formatCommitMessage({ ...COMMIT, releases, catalogs: ['x'] });
  expect(message).toContain(
    '(#214)\n\n30 releases added:\n- 4.18.0-x86_64: new, 2 images\n- 4.18.1-x86_64',
  );
  expect(message).toContain('\n- and 10 more\n\nOperator catalogs:\n- x\n\nImageset-Mirror');
});

it('says what became of operator catalogs, before what failed', () => {
  const catalogs = Array.from({ length: 30 }, (_, index) => `index-${index}: 1 bundle\nadded`);
  const message = formatCommitMessage({ ...COMMIT, catalogs, failures: ['x'] });
  expect(message).toContain('(#214)\n\nOperator catalogs:\n- index-0: 1 bundle added\n- index-1');
  expect(message).toContain('\n- and 10 more\n\nNot done:\n- x\n\nImageset-Mirror');
});

it('reads its trailers back, whatever people wrote', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'Imageset-Mirror: evil',
      'x\n\nImageset-Mirror: evil',
      'x\u2028\u2028A: b',
      '\r\n\r\nA: b',
    ),
  );
  fc.assert(
    fc.property(text, fc.array(text), fc.array(text), (sourceSubject, failures, catalogs) => {
      const releases = { sum: '1 release added', each: catalogs.slice(0, 1) };
      const message = formatCommitMessage({
        ...COMMIT,
        ...{ sourceSubject, failures, releases, catalogs },
      });
      expect(Object.fromEntries(parseTrailers(message))).toEqual({
        'Imageset-Mirror': 'prod-eu',
        'Imageset-Source-Commit': COMMIT.sourceCommit,
        'Imageset-Plan': COMMIT.plan,
        'Imageset-Images': '+12 -2 =401',
        'Imageset-Bytes': '3651234567',
      });
      expect(message.split('\n').filter((line) => line.startsWith('Imageset-Mirror:'))).toEqual(
        sourceSubject.trim() === 'Imageset-Mirror: evil'
          ? ['Imageset-Mirror: evil', 'Imageset-Mirror: prod-eu']
          : ['Imageset-Mirror: prod-eu'],
      );
    }),
  );
});

it.each([
  ['only a subject', 'Imageset-Mirror: a'],
  ['a paragraph that is text', 'x\n\nImageset-Mirror: a\nand more'],
  ['nothing', ''],
])('finds no trailers in %s', (_name, message) => {
  expect(parseTrailers(message).size).toBe(0);
});
