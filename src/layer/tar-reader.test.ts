import fc from 'fast-check';
import { pack } from 'tar-stream';
import { expect, it } from 'vitest';
import { LayerFault } from './layer-fault.ts';
import type { TarEntry } from './tar-header.ts';
import { createTarReader } from './tar-reader.ts';

interface Entry {
  readonly name: string;
  readonly type?: 'directory' | 'symlink' | 'link' | 'fifo';
  readonly content?: string;
}

it('reads what tar-stream writes, however it comes', async () => {
  const name = fc.oneof(
    fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8}){0,3}$/),
    fc.stringMatching(/^[a-z]{90,140}\/[a-zä]{90,140}$/),
  );
  const entry = fc.oneof(
    fc.record({ name, content: fc.string({ maxLength: 1500, unit: 'binary' }) }),
    fc.record({ name, type: fc.constantFrom('directory', 'symlink', 'link', 'fifo') } as const),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(entry), sizes, async (entries: Entry[], chunks) => {
      const found = readTar(await makeTar(entries), chunks);

      expect(found).toEqual(
        entries.map(({ name: path, type, content = '' }) => {
          const kind = type === undefined ? 'file' : type === 'directory' ? type : 'other';
          return { path, kind, content };
        }),
      );
    }),
    { numRuns: 50 },
  );
});

it('reads the long names of GNU tar', () => {
  const long = `${'a'.repeat(200)}/x`;
  const tar = Buffer.concat([
    block('././@LongLink', 'L', long.length + 1),
    padded(`${long}\0`),
    block('cut off', '0', 3),
    padded('abc'),
    Buffer.alloc(1024),
  ]);

  expect(readTar(tar)).toEqual([{ path: long, kind: 'file', content: 'abc' }]);
});

it('reads sizes in binary notation, and no data of what has none', () => {
  const file = block('x', '0', 0);
  file.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], 124);
  const tar = Buffer.concat([block('l', '1', 700), signed(file), padded('abc')]);

  expect(readTar(tar)).toEqual([
    { path: 'l', kind: 'other', content: '' },
    { path: 'x', kind: 'file', content: 'abc' },
  ]);
});

it.each([
  { what: 'what is no tar', tar: Buffer.alloc(2000, 'x') },
  {
    what: 'a tar that is torn within data',
    tar: Buffer.concat([block('x', '0', 9), Buffer.alloc(4)]),
  },
  { what: 'a tar that is torn within a header', tar: block('x', '0', 0).subarray(0, 300) },
  { what: 'a size beyond all measure', tar: binarySize() },
  { what: 'a sparse file', tar: block('x', 'S', 9) },
  { what: 'an extended header that is too long', tar: block('x', 'x', 2 * 1024 ** 2) },
  {
    what: 'an extended header that is no list',
    tar: Buffer.concat([block('x', 'x', 3), padded('abc')]),
  },
  {
    what: 'an extended size that is no number',
    tar: Buffer.concat([block('x', 'x', 12), padded('12 size=abc\n')]),
  },
])('refuses $what', ({ tar }) => {
  expect(() => readTar(tar)).toThrow(LayerFault);
});

it('neither crashes nor hangs on a tar that was changed anywhere', async () => {
  const tar = await makeTar([
    { name: 'a/b', content: 'x'.repeat(600) },
    { name: `${'n'.repeat(150)}/ä`, content: 'y' },
  ]);
  const change = fc.record({ at: fc.nat(tar.length - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const changed = Buffer.from(tar);
      for (const { at, byte } of changes) changed[at] = byte;
      try {
        readTar(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(LayerFault);
      }
    }),
    // Few bytes are not under a checksum.
    { numRuns: 3000 },
  );
});

function readTar(tar: Buffer, sizes: readonly number[] = [1 << 20]): object[] {
  const found: { path: string; kind: TarEntry['kind']; content: string }[] = [];
  let parts: Buffer[] = [];
  const reader = createTarReader({
    entry({ path, kind, size }) {
      found.push({ path: path.replace(/\/$/, ''), kind, content: '' });
      parts = [];
      return size > 0;
    },
    data: (bytes) => parts.push(Buffer.from(bytes)),
    end() {
      const last = found.at(-1);
      if (last !== undefined) last.content = Buffer.concat(parts).toString();
    },
  });
  let start = 0;
  for (let turn = 0; start < tar.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    reader.feed(tar.subarray(start, start + size));
    start += size;
  }
  reader.finish();
  return found;
}

async function makeTar(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, type, content = '' } of entries) {
    if (type === undefined) tar.entry({ name }, Buffer.from(content));
    else tar.entry({ name, type, ...(type.endsWith('link') ? { linkname: 'target' } : {}) });
  }
  tar.finalize();
  return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
}

function block(name: string, type: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(size.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write('ustar  ', 257);
  return signed(header);
}

function signed(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0`, 148);
  return header;
}

function binarySize(): Buffer {
  const header = block('x', '0', 0);
  header.fill(0xff, 124, 136);
  return signed(header);
}

function padded(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
