import { expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { resolveImages } from './resolve-images.ts';

const [own, known, atSource] = ['own', 'known', 'at source'].map((name) =>
  digestOf(Buffer.from(name)),
);

it.each([
  { digest: known, reference: 'quay.io/a/b:1', expected: known },
  { digest: undefined, reference: 'quay.io/a/b:1', expected: atSource },
  { digest: undefined, reference: `quay.io/a/b@${own ?? ''}`, expected: own },
])(
  'takes the digest that is known of $reference, and keeps its name',
  async ({ digest, reference, expected }) => {
    const place = { host: 'reg.io', repository: 'a/b', tag: '1' };
    const position = { path: 'a.yaml', line: 1, column: 1 };
    const request = {
      ...{ name: reference, reference: parseReference(reference), digest, place },
      ...{ kind: 'release' as const, entries: [{ position, field: 'mirror.platform' }] },
    };

    const { wanted } = await resolveImages(
      [request],
      {
        lookUpDigest: () => Promise.resolve(atSource ?? digestOf(Buffer.from(''))),
        lockedDigest: () => undefined,
        parallel: 1,
      },
      new AbortController().signal,
    );

    expect(wanted).toMatchObject([{ source: reference, digest: expected }]);
  },
);
