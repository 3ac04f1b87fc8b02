import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Log, silentLog } from '../base/log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';

export type ListedBlob = Pick<Descriptor, 'digest' | 'size'>;

/**
 * Which distinct blobs images have, by a name that stands for the same content for ever (a digest, with platforms).
 * So a pass that adds an image to thousands opens one file, and none for each image that is there.
 */
export interface BlobLists {
  /** The blobs of an image; undefined where they are not known. */
  get(image: string): readonly ListedBlob[] | undefined;
  has(image: string): boolean;
  set(image: string, blobs: readonly ListedBlob[]): void;
  /** Which of some images have a blob, as positions in `images`, in their order. */
  holders(images: readonly string[]): (digest: Digest) => readonly number[];
  /** Keeps what was set. Never throws for the disk's sake. */
  save(): Promise<void>;
}

export interface BlobListsOptions {
  /** Absent: in memory only. Its folder is made when it is missing. */
  readonly file?: string;
  /** Most blobs in all lists together, before those of images that were asked for longest ago go. */
  readonly limit?: number;
  readonly log?: Log;
}

/** Opens the lists as they are on disk now. What is lost or damaged is empty, and found out again. */
export type OpenBlobLists = () => Promise<BlobLists>;

/** 100,000 images of twenty blobs. */
const LIMIT = 2_000_000;
const FILE_LIMIT_BYTES = 400 * 1024 * 1024;
const VERSION = 1;

/** Blobs by number, since images share them; images from the one asked for longest ago to the last. */
interface Stored {
  readonly version: number;
  readonly digests: Digest[];
  /** Bytes. */
  readonly sizes: number[];
  readonly images: [name: string, blobs: number[]][];
}

export function createBlobLists({
  file,
  limit = LIMIT,
  log = silentLog,
}: BlobListsOptions): OpenBlobLists {
  let held: Stored = EMPTY;
  return async () =>
    listsOf(file === undefined ? held : await load(file), limit, async (stored) => {
      if (file === undefined) held = stored;
      else await write(file, stored, log);
    });
}

const EMPTY: Stored = { version: VERSION, digests: [], sizes: [], images: [] };

function listsOf(
  { digests: storedDigests, sizes: storedSizes, images: storedImages }: Stored,
  limit: number,
  write: (stored: Stored) => Promise<void>,
): BlobLists {
  const digests = [...storedDigests];
  const sizes = [...storedSizes];
  const images = new Map(storedImages);
  const asked = new Set<string>();
  let numbers: Map<Digest, number> | undefined;

  const numberOf = (): Map<Digest, number> =>
    (numbers ??= new Map(digests.map((digest, number) => [digest, number])));

  function listOf(image: string): readonly number[] | undefined {
    const list = images.get(image);
    if (list !== undefined) asked.add(image);
    return list;
  }

  return {
    has: (image) => listOf(image) !== undefined,
    get: (image) =>
      listOf(image)?.flatMap((number) => {
        const [digest, size] = [digests[number], sizes[number]];
        return digest === undefined || size === undefined ? [] : [{ digest, size }];
      }),
    set(image, blobs) {
      const list = blobs.map(({ digest, size }) => {
        const known = numberOf().get(digest);
        if (known !== undefined) return known;
        numberOf().set(digest, digests.length);
        sizes.push(size);
        return digests.push(digest) - 1;
      });
      images.set(image, list);
      asked.add(image);
    },
    holders(among) {
      const find = invert(
        among.map((image) => listOf(image) ?? []),
        digests.length,
      );
      return (digest) => {
        const number = numberOf().get(digest);
        return number === undefined ? [] : find(number);
      };
    },
    save() {
      const [old, young] = [[], []] as [Stored['images'], Stored['images']];
      for (const image of images) (asked.has(image[0]) ? young : old).push(image);
      return write(renumbered([...old, ...young], digests, sizes, limit));
    },
  };
}

/** In which lists a number stands. Typed arrays, since a base layer is in thousands of lists. */
function invert(
  lists: readonly (readonly number[])[],
  count: number,
): (number: number) => readonly number[] {
  // At first how many lists there are of each number, then where those of the next begin, in the end where its own do.
  const starts = new Uint32Array(count + 1);
  const add = (number: number, more: number): number =>
    (starts[number] = (starts[number] ?? 0) + more);
  for (const list of lists) for (const number of list) add(number, 1);
  let sum = 0;
  for (const number of starts.keys()) sum = add(number, sum);
  const positions = new Uint32Array(sum);
  for (const [position, list] of [...lists.entries()].reverse())
    for (const number of list) positions[add(number, -1)] = position;
  return (number) => [...positions.subarray(starts[number], starts[number + 1])];
}

/** The youngest images that the limit allows, and no blob that none of them has. */
function renumbered(
  images: Stored['images'],
  digests: readonly Digest[],
  sizes: readonly number[],
  limit: number,
): Stored {
  let count = 0;
  const first = images.findLastIndex(([, list]) => (count += list.length) > limit) + 1;
  const stored: Stored = { version: VERSION, digests: [], sizes: [], images: [] };
  const renamed = new Map<number, number>();
  for (const [image, list] of images.slice(first)) {
    const renewed = list.map((number) => {
      const known = renamed.get(number);
      if (known !== undefined) return known;
      const [digest, size] = [digests[number], sizes[number]];
      if (digest === undefined || size === undefined) throw new TypeError('a list names its blobs');
      renamed.set(number, stored.digests.length);
      stored.sizes.push(size);
      return stored.digests.push(digest) - 1;
    });
    stored.images.push([image, renewed]);
  }
  return stored;
}

/** A line with the digest of the rest, so that what was damaged is told from what we wrote; then JSON. */
async function load(file: string): Promise<Stored> {
  try {
    if ((await stat(file)).size > FILE_LIMIT_BYTES) return EMPTY;
    const content = await readFile(file);
    const end = content.indexOf(0x0a);
    const rest = content.subarray(end + 1);
    if (content.toString('latin1', 0, Math.max(0, end)) !== digestOf(rest)) return EMPTY;
    // Whole, so it is what `write` made; of this version or not.
    const stored = JSON.parse(rest.toString('utf8')) as Stored;
    return stored.version === VERSION ? stored : EMPTY;
  } catch {
    return EMPTY;
  }
}

async function write(file: string, stored: Stored, log: Log): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const content = Buffer.from(JSON.stringify(stored));
    await writeFile(temporary, [`${digestOf(content)}\n`, content], { mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    log.warn({ err: error, file }, 'lists of blobs cannot be kept, going on without them');
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
