import { expect, it } from 'vitest';
import { isLent, lend, returnPart, SLAB_BYTES, takeSlab } from './slabs.ts';

function lendPart(): Buffer<ArrayBuffer> {
  const part = takeSlab().subarray(10, 1000);
  lend(part);
  return part;
}

it('gives a slab out again once its part came back, and not twice', () => {
  const part = lendPart();
  expect(isLent(part)).toBe(true);

  returnPart(part);
  returnPart(part);

  const [again, other] = [takeSlab(), takeSlab()];
  expect(again.buffer).toBe(part.buffer);
  expect(again.byteLength).toBe(SLAB_BYTES);
  expect(other.buffer).not.toBe(part.buffer);
  expect(isLent(part)).toBe(false);
});

it('takes nothing back but whole parts that were lent', () => {
  const part = lendPart();
  const stranger = Buffer.alloc(SLAB_BYTES);

  returnPart(part.subarray(1));
  returnPart(stranger);

  const taken = [takeSlab(), takeSlab()].map(({ buffer }) => buffer);
  expect(taken).not.toContain(part.buffer);
  expect(taken).not.toContain(stranger.buffer);
});
