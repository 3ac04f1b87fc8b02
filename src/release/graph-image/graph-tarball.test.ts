import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GRAPH_FILES,
  type GraphEntry,
  graphTar,
  graphTarball,
} from '../../../test/support/graph-tarball.ts';
import { LayerFault } from '../../layer/layer-fault.ts';
import { digestOf } from '../../oci/digest.ts';
import { type GraphLimits, type GraphTarball, readGraphTarball } from './graph-tarball.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(
  bytes: Uint8Array,
  size = 1000,
  limits?: GraphLimits,
): Promise<GraphTarball & { readonly contents: Buffer }> {
  const reading = readGraphTarball(pieces(bytes, size), limits);
  const contents: Uint8Array[] = [];
  for (;;) {
    const next = await reading.next();
    if (next.done === true) return { ...next.value, contents: Buffer.concat(contents) };
    contents.push(next.value);
  }
}

async function whyNot(bytes: Uint8Array, limits?: GraphLimits): Promise<string> {
  const error: unknown = await read(bytes, 1000, limits).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(LayerFault);
  return (error as Error).message;
}

describe('a tarball of graph data', () => {
  it.each([1, 7, 512, 1_000_000])('is read in pieces of %i bytes', async (size) => {
    const { digest, folders, files, contents } = await read(await graphTarball(GRAPH_FILES), size);
    expect(digest).toBe(digestOf(await graphTar(GRAPH_FILES)));
    expect([...folders].sort()).toEqual(['blocked-edges', 'channels', 'raw']);
    const texts = [...files].map(([path, { offset, size: length }]) => [
      path,
      contents.toString('utf8', offset, offset + length),
    ]);
    const expected = Object.entries(GRAPH_FILES).filter(([, entry]) => typeof entry === 'string');
    expect(texts).toEqual(expected);
  });

  it('has the digest of what is in it, however it is compressed', async () => {
    const tar = await graphTar(GRAPH_FILES);
    const ways = [
      gzipSync(tar, { level: 1 }),
      gzipSync(tar, { level: 9 }),
      zstdCompressSync(tar),
      tar,
    ];
    for (const way of ways) expect((await read(way)).digest).toBe(digestOf(tar));
  });

  it('takes the last of several files of one name, and paths with dots', async () => {
    const { files, folders, contents } = await read(
      await graphTarball([
        ['version', 'x'.repeat(200)],
        ['./version', '1.0.0'],
        ['./channels/./a.yaml', 'one'],
        ['channels//a.yaml', 'three'],
      ]),
    );
    expect([...files.keys()].sort()).toEqual(['channels/a.yaml', 'version']);
    expect([...folders]).toEqual(['channels']);
    const { offset, size } = files.get('channels/a.yaml') ?? { offset: 0, size: 0 };
    expect(contents.toString('utf8', offset, offset + size)).toBe('three');
  });

  const withEntries = (entries: Record<string, GraphEntry>): Promise<Buffer> =>
    graphTarball({ ...GRAPH_FILES, ...entries });
  it.each<{
    readonly what: string;
    readonly entries: Record<string, GraphEntry>;
    readonly why: string;
  }>([
    { what: 'an absolute path', entries: { '/etc/passwd': '' }, why: '"/etc/passwd" is absolute' },
    { what: 'an absolute folder', entries: { '/etc/': { type: 'directory' } }, why: 'is absolute' },
    {
      what: 'a path out of it',
      entries: { 'channels/../../x': '' },
      why: 'leads out of its folder',
    },
    {
      what: 'a symbolic link',
      entries: { 'channels/x': { type: 'symlink', linkname: '/etc' } },
      why: '"channels/x" is a link',
    },
    {
      what: 'a hard link',
      entries: { 'channels/x': { type: 'link', linkname: 'version' } },
      why: 'is a link',
    },
    {
      what: 'a device',
      entries: { 'channels/x': { type: 'character-device' } },
      why: 'is a link or a device',
    },
    { what: 'a whiteout', entries: { 'channels/.wh.x': '' }, why: 'whiteout' },
    { what: 'a folder that hides others', entries: { '.wh..wh..opq/x': '' }, why: 'whiteout' },
    { what: 'a path too deep', entries: { [`${'a/'.repeat(70)}x`]: '' }, why: 'deep' },
    {
      what: 'a file where a folder is',
      entries: { channels: 'x' },
      why: '"channels" is a file and a folder',
    },
    {
      what: 'a folder where a file is',
      entries: { 'version/x': '' },
      why: '"version" is a file and a folder',
    },
    { what: 'another major version', entries: { version: '2.0.0' }, why: 'its version is "2.0.0"' },
    {
      what: 'no version in "version"',
      entries: { version: 'latest\n' },
      why: 'its version is "latest"',
    },
    {
      what: 'a long version',
      entries: { version: '1'.repeat(10_000) },
      why: 'its version is "111',
    },
  ])('with $what is refused', async ({ entries, why }) => {
    expect(await whyNot(await withEntries(entries))).toContain(why);
  });

  it.each([
    { what: 'without "version"', files: { 'channels/a.yaml': 'x' }, why: 'no file "version"' },
    {
      what: 'without channels',
      files: { version: '1.0.0', 'channels/': { type: 'directory' } as const },
      why: '"channels"',
    },
    { what: 'with nothing', files: {}, why: 'no file "version"' },
  ])('$what is refused', async ({ files, why }) => {
    expect(await whyNot(await graphTarball(files))).toContain(why);
  });

  it('that is a web page is refused, and says so', async () => {
    const page = Buffer.from('\n<!DOCTYPE html><html><body>Sign in</body></html>');
    expect(await whyNot(page)).toContain('is a web page');
    expect(await whyNot(gzipSync(page))).toContain('is a web page');
  });

  it('that is something else, or nothing, is refused', async () => {
    expect(await whyNot(Buffer.from('{"error":"gone"}'.repeat(100)))).toContain('it is no tar');
    expect(await whyNot(Buffer.alloc(0))).toContain('no file "version"');
  });

  it('that ends too early is refused', async () => {
    const tarball = await graphTarball(GRAPH_FILES);
    expect(await whyNot(tarball.subarray(0, tarball.length - 20))).toContain('cannot be unpacked');
    const tar = await graphTar(GRAPH_FILES);
    expect(await whyNot(tar.subarray(0, 1030))).toContain('ends within an entry');
  });

  it('that is more than the limits is refused', async () => {
    const tarball = await graphTarball(GRAPH_FILES);
    const { length: tarBytes } = await graphTar(GRAPH_FILES);
    const limits = { tarBytes, entries: 8 };
    await read(tarball, 1000, limits);
    const less = { ...limits, tarBytes: tarBytes - 1 };
    expect(await whyNot(tarball, less)).toContain(`more than ${less.tarBytes} bytes`);
    expect(await whyNot(tarball, { ...limits, entries: 7 })).toContain('more than 7 entries');
  });

  it('is read or refused, whatever byte is changed', async () => {
    const tar = await graphTar(GRAPH_FILES);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: tar.length - 1 }), fc.nat({ max: 255 }), async (at, byte) => {
        const changed = Uint8Array.from(tar);
        changed[at] = byte;
        const error: unknown = await read(changed).then(
          () => undefined,
          (e: unknown) => e,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(LayerFault);
      }),
      { numRuns: 300 },
    );
  });
});
