import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ControllerError } from '../base/controller-error.ts';
import type { Digest } from '../oci/digest.ts';
import { type Lock, type LockedImage, formatLock, parseLock } from './lock.ts';

const A = `sha256:${'a'.repeat(64)}` as Digest;
const B = `sha256:${'b'.repeat(64)}` as Digest;
const COMMIT = '4f5e6d7c8b9a4f5e6d7c8b9a4f5e6d7c8b9a4f5e';

const EMPTY: Lock = {
  version: 1,
  mirror: 'prod-eu',
  destination: 'registry.example.com:5000/mirror',
  source: { commit: COMMIT, branch: 'main' },
  configurations: [],
  deletions: [],
  images: [],
  deleting: [],
  catalogs: [],
  bundles: [],
  releases: [],
};

const UBI: LockedImage = {
  destination: 'ubi9/ubi:latest',
  digest: A,
  source: 'registry.redhat.io/ubi9/ubi:latest',
  kind: 'additional',
  bytes: 80_512_345,
  wantedBy: ['imagesets/prod-eu/base.yaml'],
};

const EMPTY_TEXT = `version: 1
mirror: prod-eu
destination: registry.example.com:5000/mirror
source: {"commit": "${COMMIT}", "branch": "main"}
configurations: []
deletions: []
images: []
deleting: []
catalogs: []
bundles: []
releases: []
`;

/** The line of an image in a lock that is right but for it. */
function withImages(...lines: string[]): string {
  return EMPTY_TEXT.replace(
    'images: []',
    ['images:', ...lines.map((line) => `  - ${line}`)].join('\n'),
  );
}

const UBI_LINE = `{"destination": "ubi9/ubi:latest", "digest": "${A}", "source": "registry.redhat.io/ubi9/ubi:latest", "kind": "additional", "bytes": 80512345, "wantedBy": ["imagesets/prod-eu/base.yaml"]}`;

function failureOf(text: string): ControllerError {
  try {
    parseLock('imageset.lock', text);
  } catch (error) {
    if (error instanceof ControllerError) return error;
    throw error;
  }
  throw new Error('the lock was read');
}

describe('formatLock', () => {
  it('writes a lock without images with its head first and empty lists', () => {
    expect(formatLock(EMPTY)).toBe(EMPTY_TEXT);
  });

  it('writes an image as one line of JSON with its fields in order', () => {
    expect(formatLock({ ...EMPTY, images: [UBI] })).toBe(withImages(UBI_LINE));
  });

  it('sorts by destination, then by source, whatever the order was', () => {
    const images = [
      { ...UBI, destination: 'b:1' },
      { ...UBI, destination: 'a:1', source: 'quay.io/b:1' },
      { ...UBI, destination: 'a:1', source: 'quay.io/a:1' },
    ];
    const text = formatLock({ ...EMPTY, images });
    expect(
      parseLock('x', text).images.map(({ source, destination }) => [destination, source]),
    ).toEqual([
      ['a:1', 'quay.io/a:1'],
      ['a:1', 'quay.io/b:1'],
      ['b:1', 'registry.redhat.io/ubi9/ubi:latest'],
    ]);
    expect(formatLock({ ...EMPTY, images: images.reverse() })).toBe(text);
  });

  it('leaves fields out that are not there', () => {
    const image = {
      ...UBI,
      wantedBy: [],
      platforms: [
        { os: 'linux', architecture: 'arm64' },
        { os: 'linux', architecture: 'amd64' },
      ],
      superseded: true,
    } as const;
    expect(formatLock({ ...EMPTY, images: [image] })).toContain(
      '"wantedBy": [], "platforms": [{"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "arm64"}], "superseded": true}\n',
    );
  });

  it.each([
    { mirror: 'prod-eu', written: 'prod-eu' },
    { mirror: '4.18', written: '"4.18"' },
    { mirror: 'true', written: '"true"' },
    { mirror: 'No', written: '"No"' },
    { mirror: 'a: b', written: '"a: b"' },
    { mirror: 'a #b', written: '"a #b"' },
    { mirror: 'ends:', written: '"ends:"' },
  ])('writes the name $mirror as $written, which YAML reads back', ({ mirror, written }) => {
    const text = formatLock({ ...EMPTY, mirror });
    expect(text).toContain(`mirror: ${written}\n`);
    expect(parseLock('x', text).mirror).toBe(mirror);
    expect(parseYaml(text)).toMatchObject({ mirror });
  });
});

it.each(['\u2028', '\u2029', '\ufeff', '\ufffe'])(
  'escapes %j, which YAML may take for a line break or refuse',
  (character) => {
    const text = formatLock({ ...EMPTY, images: [{ ...UBI, wantedBy: [`a${character}b`] }] });
    expect(text).not.toContain(character);
    expect(parseLock('x', text).images[0]?.wantedBy).toEqual([`a${character}b`]);
  },
);

describe('parseLock', () => {
  it('reads what it writes, in any order of lines, with blank lines, comments and CR LF', () => {
    const text = `# by hand\r\n\r\n${withImages(UBI_LINE).split('\n').join('\r\n')}`;
    expect(parseLock('imageset.lock', text)).toEqual({ ...EMPTY, images: [UBI] });
  });

  it.each([
    {
      what: 'a list that is missing',
      text: EMPTY_TEXT.replace('bundles: []\n', ''),
      message: 'imageset.lock has no bundles',
    },
    {
      what: 'a field that nobody knows',
      text: `${EMPTY_TEXT}charts: []\n`,
      message: 'imageset.lock:12: charts is no field of a lock',
    },
    {
      what: 'a value in place of a list',
      text: EMPTY_TEXT.replace('images: []', 'images: 3'),
      message: 'imageset.lock:7: images must be a list',
    },
    {
      what: 'a list in place of a value',
      text: EMPTY_TEXT.replace('mirror: prod-eu', 'mirror: []'),
      message: 'imageset.lock:2: mirror must be one value',
    },
    {
      what: 'a key that is there twice',
      text: `${EMPTY_TEXT}images: []\n`,
      message: 'imageset.lock:12: images is there twice',
    },
    {
      what: 'a destination that is none',
      text: EMPTY_TEXT.replace('registry.example.com:5000/mirror', 'mirror'),
      message: 'imageset.lock:3: destination: must be a destination, HOST[:PORT][/PATH]',
    },
    {
      what: 'a commit that is none',
      text: EMPTY_TEXT.replace(COMMIT, 'main'),
      message: 'imageset.lock:4: source: commit: must be a Git object id of 40 or 64 hex digits',
    },
    {
      what: 'a value with a comment behind it',
      text: EMPTY_TEXT.replace('prod-eu', 'prod-eu # ours'),
      message: 'imageset.lock:2: the value must be plain text or JSON',
    },
    {
      what: 'an item of no list',
      text: EMPTY_TEXT.replace('images: []', `images: []\n  - ${UBI_LINE}`),
      message: 'imageset.lock:8: this item belongs to no list',
    },
    {
      what: 'an item over several lines',
      text: withImages('destination: a:1', '  digest: x'),
      message: /^imageset\.lock:8: this item is not one line of JSON/,
    },
    {
      what: 'text between',
      text: `${EMPTY_TEXT}- images\n`,
      message: 'imageset.lock:12: this is neither "key: value" nor an item "  - {…}" of a list',
    },
    {
      what: 'a digest that is none',
      text: withImages(UBI_LINE.replace(A, 'sha256:abc')),
      message: /^imageset\.lock:8: digest: /,
    },
    {
      what: 'a place that is none',
      text: withImages(UBI_LINE.replace('ubi9/ubi:latest', '../ubi:latest')),
      message: 'imageset.lock:8: destination: must be a place, PATH:TAG',
    },
    {
      what: 'a source that is no reference',
      text: withImages(UBI_LINE.replace('registry.redhat.io/ubi9', 'https://ubi9')),
      message: 'imageset.lock:8: source: must be an image reference',
    },
    {
      what: 'a kind that nobody knows',
      text: withImages(UBI_LINE.replace('"additional"', '"addition"')),
      message: /^imageset\.lock:8: kind: /,
    },
    {
      what: 'a number of bytes below zero',
      text: withImages(UBI_LINE.replace('80512345', '-1')),
      message: /^imageset\.lock:8: bytes: /,
    },
    {
      what: 'a field too much',
      text: withImages(UBI_LINE.replace('"bytes"', '"size": 1, "bytes"')),
      message: /^imageset\.lock:8: .*size/,
    },
    {
      what: 'a field named __proto__',
      text: withImages(UBI_LINE.replace('"bytes"', '"__proto__": {"wantedBy": []}, "bytes"')),
      message: /^imageset\.lock:8: .*__proto__/,
    },
    {
      what: 'data of an image that is no graph',
      text: withImages(UBI_LINE.replace('"bytes"', `"data": "${A}", "bytes"`)),
      message: 'imageset.lock:8: data and base are of images of the kind graph alone',
    },
    {
      what: 'an image that is there twice',
      text: withImages(UBI_LINE, UBI_LINE),
      message:
        'imageset.lock:9: image ubi9/ubi:latest from registry.redhat.io/ubi9/ubi:latest is there twice',
    },
    {
      what: 'a place with two digests',
      text: withImages(UBI_LINE, UBI_LINE.replace(A, B).replace('redhat.io', 'redhat.com')),
      message: `imageset.lock:9: ubi9/ubi:latest has another digest in another line, ${A}`,
    },
    ...['../index', 'Index', 'a.b', '-a', 'x'.repeat(61)].map((name) => ({
      what: `the name "${name}" of resources`,
      text: EMPTY_TEXT.replace(
        'catalogs: []',
        `catalogs:\n  - {"destination": "a/b:1", "name": "${name}", "source": "quay.io/a/b:1", "sourceDigest": "${A}"}`,
      ),
      message: /:10: name: must be at most 60 lower-case letters/,
    })),
    {
      what: 'an image that both stays and goes',
      text: withImages(UBI_LINE).replace(
        'deleting: []',
        `deleting:\n  - ${UBI_LINE.replace('"wantedBy": ["imagesets/prod-eu/base.yaml"]', `"since": "${COMMIT}", "reason": "prune"`)}`,
      ),
      message:
        'imageset.lock:10: image ubi9/ubi:latest from registry.redhat.io/ubi9/ubi:latest is there twice',
    },
  ])('refuses $what', ({ text, message }) => {
    const failure = failureOf(text);
    expect(failure.code).toBe('LOCK_INVALID');
    expect(failure.remedy).toBe('wait-for-change');
    expect(failure.message).toMatch(message instanceof RegExp ? message : exactly(message));
    expect(failure.hint).toMatch(/history of the manifests branch/);
  });

  it('takes two sources of one place', () => {
    const other = UBI_LINE.replace('registry.redhat.io', 'quay.io');
    expect(parseLock('x', withImages(UBI_LINE, other)).images).toHaveLength(2);
  });

  it('says that a newer version wrote the lock, before it looks at anything else', () => {
    const failure = failureOf('version: 2\nwhatever\n');
    expect(failure.message).toMatch(/version 2: it was written by a newer version/);
    expect(failure.hint).toMatch(/Run the newer imageset/);
  });

  it.each(['<<<<<<< HEAD', '=======', '>>>>>>> theirs', '||||||| base'])(
    'says that %s is of a merge',
    (marker) => {
      const failure = failureOf(`version: 1\n${marker}\n`);
      expect(failure.message).toBe('imageset.lock:2: the file has conflict markers of a Git merge');
      expect(failure.hint).toMatch(/Take one side/);
    },
  );

  it('refuses more lines than a lock may have', () => {
    expect(failureOf('\n'.repeat(500_001)).message).toMatch(/more than 500000 lines/);
  });

  it('refuses more bytes than a lock may have', () => {
    expect(failureOf('#'.repeat(64 * 1024 * 1024 + 1)).message).toMatch(
      /larger than 67108864 bytes/,
    );
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${RegExp.escape(text)}$`);
}
