import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTar } from '../../test/support/catalogs/read-layer.ts';
import { findProgram, runProgramOrThrow } from '../../test/support/run-program.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type TarEntry, tarOf } from './tar-of.ts';

const { signal } = new AbortController();
const NAMES = ['a', 'b'.repeat(100), 'c'.repeat(101), `d/${'d'.repeat(300)}`, 'ä', '𝒳/e'];

function file(path: string, ...texts: string[]): TarEntry {
  const size = texts.reduce((total, text) => total + Buffer.byteLength(text), 0);
  return { path, mode: 0o644, content: { size, read: () => chunksOf(texts) } };
}

async function bytesOf(entries: readonly TarEntry[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(tarOf(entries, signal)));
}

it('writes files and folders of any name and size', async () => {
  const files = NAMES.map((name, index) => file(name, 'x'.repeat(index * 511), 'y'));
  const entries = await readTar(await bytesOf([{ path: 'folder', mode: 0o755 }, ...files]));
  expect(entries.map(({ name, type, text }) => [name, type, text.length])).toEqual([
    ['folder/', 'directory', 0],
    ...NAMES.map((name, index) => [name, 'file', index * 511 + 1]),
  ]);
});

it.skipIf(findProgram('tar') === undefined)('is read by GNU tar without a warning', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'a.tar');
  const names = NAMES.filter((name) => /^[\x20-\x7e]+$/.test(name));
  await writeFile(path, await bytesOf(names.map((name) => file(name, 'text'))));
  const listed = await runProgramOrThrow('tar', ['--list', '--file', path]);
  expect(listed.toString().trim().split('\n')).toEqual(names);
});

it('refuses content that is longer or shorter than told', async () => {
  for (const size of [3, 5]) {
    const read = (): AsyncIterable<Uint8Array> => chunksOf(['text']);
    const entry = { path: 'a', mode: 0o644, content: { size, read } };
    await expect(bytesOf([entry])).rejects.toThrow(`a has 4 bytes where ${size} were told`);
  }
});

async function* chunksOf(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}
