import { createHash } from 'node:crypto';

/** How large a generated catalog is. Same shape, same documents. */
export interface CatalogShape {
  readonly packages: number;
  readonly bundles: number;
  /** Of all documents as JSON, about. */
  readonly bytes: number;
  readonly syntax: 'json' | 'yaml';
}

/** A package of a generated catalog. */
export interface GeneratedPackage {
  readonly name: string;
  readonly channels: number;
  readonly documents: Iterable<object>;
}

const RELATED_IMAGES = 9;
/** Words that no other bundle has: with the digests they are what is left after compression. */
const OWN_WORDS = 220;
/** What the fields of a bundle take without its texts, bytes as pretty JSON. */
const FRAME_BYTES = 6550;
const WORD_BYTES = 7.2;
/** Packages differ in size as in real catalogs: a few have hundreds of bundles, most have a few dozen. */
const WEIGHTS = [1, 1, 2, 2, 3, 3, 4, 6, 9, 19];

/**
 * The packages of a catalog with the proportions of real ones (spec, operator-catalogs, section 8): channels with
 * `replaces`, `skips` and `skipRange`, `olm.csv.metadata` whose long texts hardly change from bundle to bundle, and
 * related images by digest. Nobody has the images: their host is `images.invalid`.
 */
export function* generatePackages(shape: CatalogShape): Generator<GeneratedPackage> {
  const perBundle = shape.bytes / shape.bundles;
  for (const [index, bundles] of bundlesPerPackage(shape).entries()) {
    const name = packageName(index);
    const channels = 1 + (index % 5);
    yield { name, channels, documents: documentsOf(name, { bundles, channels, perBundle }) };
  }
}

export function packageName(index: number): string {
  return `operator-${String(index).padStart(3, '0')}`;
}

function bundlesPerPackage({ packages, bundles }: CatalogShape): number[] {
  const weights = Array.from({ length: packages }, (_, index) => WEIGHTS[index % 10] ?? 1);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const counts = weights.map((weight) => Math.max(1, Math.floor((bundles * weight) / sum)));
  const rest = bundles - counts.reduce((total, count) => total + count, 0);
  return counts.map((count, index) => (index === 9 % packages ? count + rest : count));
}

interface PackageShape {
  readonly bundles: number;
  readonly channels: number;
  readonly perBundle: number;
}

function* documentsOf(
  name: string,
  { bundles, channels, perBundle }: PackageShape,
): Generator<object> {
  const random = randomOf(name);
  const words = Math.max(20, Math.floor((perBundle - FRAME_BYTES) / WORD_BYTES) - OWN_WORDS);
  const description = wordsOf(random, words);
  const versions = Array.from({ length: bundles }, (_, index) => versionOf(index));
  yield {
    schema: 'olm.package',
    name,
    defaultChannel: 'stable-0',
    description: description.slice(0, 500),
    icon: { base64data: seededBytes(name, 1500).toString('base64'), mediatype: 'image/png' },
  };
  for (let channel = 0; channel < channels; channel += 1) {
    // Each channel starts a little later, and all end with the newest bundle but the last few.
    const from = Math.floor((channel * bundles) / (channels + 1));
    const to = Math.max(from + 1, bundles - channel);
    yield {
      schema: 'olm.channel',
      name: `stable-${channel}`,
      package: name,
      entries: versions
        .slice(from, to)
        .map((version, at) => entryOf(name, version, versions[from + at - 1], at)),
    };
  }
  for (const version of versions) yield bundleOf(name, version, { random, description });
  yield {
    schema: 'olm.deprecations',
    package: name,
    entries: [
      {
        reference: { schema: 'olm.bundle', name: `${name}.v${versions[0] ?? ''}` },
        message: 'Superseded. <Update> & enjoy.',
      },
    ],
  };
}

function entryOf(name: string, version: string, previous: string | undefined, at: number): object {
  const entry = { name: `${name}.v${version}` };
  if (at === 0 || previous === undefined) return entry;
  const replaces = `${name}.v${previous}`;
  if (at % 3 !== 0) return { ...entry, replaces };
  return { ...entry, replaces, skips: [`${name}.v${version}-withdrawn`], skipRange: `<${version}` };
}

function bundleOf(
  name: string,
  version: string,
  { random, description }: { random: () => number; description: string },
): object {
  const image = `images.invalid/vendor/${name}-bundle@sha256:${sha256(`${name} ${version}`)}`;
  const group = `${name}.example.com`;
  return {
    schema: 'olm.bundle',
    name: `${name}.v${version}`,
    package: name,
    image,
    properties: [
      { type: 'olm.gvk', value: { group, kind: 'Server', version: 'v1' } },
      { type: 'olm.gvk', value: { group, kind: 'Backup', version: 'v1alpha1' } },
      { type: 'olm.package', value: { packageName: name, version } },
      {
        type: 'olm.csv.metadata',
        value: {
          annotations: {
            'alm-examples': JSON.stringify([
              { apiVersion: `${group}/v1`, kind: 'Server', spec: { version, size: 3 } },
            ]),
            capabilities: 'Seamless Upgrades',
            containerImage: image,
            createdAt: '2024-05-06T07:08:09Z',
            support: 'Example',
          },
          crdDescriptions: {
            owned: ['Server', 'Backup'].map((kind) => ({
              name: `${kind.toLowerCase()}s.${group}`,
              version: 'v1',
              kind,
              displayName: `${kind} of ${name}`,
              description: `A ${kind} that is managed.`,
            })),
          },
          description: `${wordsOf(random, OWN_WORDS)}\n${description}`,
          displayName: `Operator ${name.slice(-3)}`,
          installModes: ['OwnNamespace', 'SingleNamespace', 'MultiNamespace', 'AllNamespaces'].map(
            (type) => ({ type, supported: type !== 'MultiNamespace' }),
          ),
          keywords: ['database', 'storage', 'example'],
          links: [{ name: 'Documentation', url: `https://docs.example.com/${name}` }],
          maintainers: [{ email: 'team@example.com', name: 'Team' }],
          maturity: 'stable',
          provider: { name: 'Example', url: 'https://example.com' },
        },
      },
    ],
    relatedImages: [
      { name: '', image },
      ...Array.from({ length: RELATED_IMAGES }, (_, index) => ({
        name: `component-${index}`,
        // Half of the components stay as they are for some versions.
        image: `images.invalid/vendor/${name}-${index}@sha256:${sha256(`${name} ${index} ${index % 2 === 0 ? version : version.replace(/\d+$/, '')}`)}`,
      })),
    ],
  };
}

function versionOf(index: number): string {
  return `${1 + Math.floor(index / 100)}.${Math.floor(index / 10) % 10}.${index % 10}`;
}

/** Lines of words, about `WORD_BYTES` bytes each. */
function wordsOf(random: () => number, count: number): string {
  const words: string[] = [];
  for (let index = 0; index < count; index += 1) {
    words.push(VOCABULARY[Math.floor(random() * VOCABULARY.length)] ?? '');
    if (index % 14 === 13) words.push('\n');
  }
  return words.join(' ');
}

/** A random number from 0 to 1, the same ones for the same seed (mulberry32). */
function randomOf(seed: string): () => number {
  let state = Number.parseInt(sha256(seed).slice(0, 8), 16);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function seededBytes(seed: string, length: number): Buffer {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(`${seed}:${index}`).digest(),
  );
  return Buffer.concat(parts).subarray(0, length);
}

const SYLLABLES = ['ra', 'to', 'mi', 'ne', 'lu', 'ka', 'se', 'vo', 'di', 'pa', 'ster', 'ing'];
/** 1,728 words of three syllables. */
const VOCABULARY = SYLLABLES.flatMap((first) =>
  SYLLABLES.flatMap((second) => SYLLABLES.map((third) => first + second + third)),
);
