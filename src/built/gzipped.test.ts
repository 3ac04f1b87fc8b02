import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seededBytes } from '../../test/support/make-image.ts';
import { digestOf } from '../oci/digest.ts';
import { gzipped } from './gzipped.ts';

async function compress(chunks: readonly Uint8Array[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(gzipped(once(chunks))));
}

async function* once(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* await Promise.resolve(chunks);
}

function text(bytes: number): Buffer {
  return Buffer.from(seededBytes('text', bytes).toString('hex').slice(0, bytes));
}

it.each([0, 1, 65_535, 65_536, 65_537, 131_072, 400_000])('gives back %d bytes', async (size) => {
  expect(gunzipSync(await compress([text(size)])).equals(text(size))).toBe(true);
});

it('gives the same bytes however its input is cut', async () => {
  const content = text(300_000);
  const whole = await compress([content]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(content.length), { maxLength: 10 }), async (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), content.length];
      const parts = ends.map((end, index) => content.subarray(ends[index - 1] ?? 0, end));
      expect((await compress(parts)).equals(whole)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

it('gives the bytes that it gives everywhere', async () => {
  const compressed = await compress([text(300_000)]);
  expect(compressed.subarray(0, 10).toString('hex')).toBe('1f8b0800000000000003');
  // Another digest: LAYER_FORMAT has to grow.
  expect(digestOf(compressed)).toBe(
    'sha256:0780351e3180a79e0c7dda2c293693c8e844fccfcaba4dd2519953647dc1333c',
  );
});
