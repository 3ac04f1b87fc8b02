import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { type ListedBlob, createBlobLists } from './blob-lists.ts';

const blob = (name: string): ListedBlob => ({
  digest: digestOf(Buffer.from(name)),
  size: name.length,
});
const [base, one, two] = [blob('base'), blob('layer one'), blob('layer of two')];

it('gives back what it keeps, in a new process too', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'state', 'blobs.json');
  const first = await createBlobLists({ file })();
  first.set('a', [base, one]);
  first.set('b', [base, two]);
  await first.save();

  const second = await createBlobLists({ file })();

  expect(second.get('a')).toEqual([base, one]);
  expect(second.get('b')).toEqual([base, two]);
  expect(second.get('c')).toBeUndefined();
  expect([second.has('b'), second.has('c')]).toEqual([true, false]);
});

it('keeps an image that has no blobs apart from one that is not known', async () => {
  const lists = await createBlobLists({})();
  lists.set('empty', []);

  expect(lists.get('empty')).toEqual([]);
});

it('keeps lists in memory where there is no file', async () => {
  const open = createBlobLists({});
  const lists = await open();
  lists.set('a', [base]);
  await lists.save();

  expect((await open()).get('a')).toEqual([base]);
});

it.each([
  { damage: 'that was cut off', change: (text: string) => text.slice(0, -10) },
  { damage: 'that a person changed', change: (text: string) => text.replace('"a"', '"b"') },
  { damage: 'of another program', change: () => 'something else' },
  { damage: 'that is empty', change: () => '' },
  {
    damage: 'of another version',
    change: () => {
      const content = JSON.stringify({ version: 0, digests: 'none' });
      return `${digestOf(Buffer.from(content))}\n${content}`;
    },
  },
])('knows nothing from a file $damage, and writes it anew', async ({ change }) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'blobs.json');
  const open = createBlobLists({ file });
  const first = await open();
  first.set('a', [base]);
  await first.save();
  await writeFile(file, change(await readFile(file, 'utf8')));

  const damaged = await open();
  expect(damaged.get('a')).toBeUndefined();
  expect(damaged.get('b')).toBeUndefined();
  damaged.set('c', [one]);
  await damaged.save();
  expect((await open()).get('c')).toEqual([one]);
});

it('goes on without a file that cannot be written', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'file'), '');
  const lists = await createBlobLists({ file: join(folder.path, 'file', 'blobs.json') })();
  lists.set('a', [base]);

  await lists.save();

  expect(lists.get('a')).toEqual([base]);
});

it('lets the images go that were asked for longest ago when there are too many', async () => {
  const open = createBlobLists({ limit: 4 });
  const first = await open();
  first.set('a', [base, one]);
  first.set('b', [base, two]);
  await first.save();
  const second = await open();
  second.get('a');
  second.set('c', [two]);
  await second.save();

  const third = await open();
  expect(['a', 'b', 'c'].filter((image) => third.has(image))).toEqual(['a', 'c']);
});

it('tells which of some images have a blob', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { maxLength: 5 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 }),
      async (images, asked) => {
        const open = createBlobLists({});
        const lists = await open();
        for (const [name, blobs] of images.entries())
          lists.set(
            String(name),
            blobs.map((number) => blob(`blob ${number}`)),
          );
        await lists.save();

        const holders = (await open()).holders(asked.map(String));

        for (let number = 0; number < 10; number += 1) {
          const expected = [...asked.keys()].filter((at) =>
            images[asked[at] ?? 0]?.includes(number),
          );
          expect(holders(blob(`blob ${number}`).digest)).toEqual(expected);
        }
        expect(holders(`sha256:${'0'.repeat(64)}` as Digest)).toEqual([]);
      },
    ),
  ));
