import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partsOf } from './parts-of.ts';

it('cuts any stream into equal parts and a rest, and loses nothing', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 15 }), async (parts, size) => {
      async function* stream(): AsyncGenerator<Uint8Array> {
        await Promise.resolve();
        yield* parts;
      }
      const cut = await Array.fromAsync(partsOf(stream(), size));
      expect(Buffer.concat(cut).equals(Buffer.concat(parts))).toBe(true);
      expect(cut.slice(0, -1).every((part) => part.byteLength === size)).toBe(true);
      expect(cut.every((part) => part.byteLength > 0 && part.byteLength <= size)).toBe(true);
    }),
  );
});
