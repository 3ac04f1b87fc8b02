import { LayerFault } from './layer-fault.ts';
import { LAYER_LIMITS } from './limits.ts';
import {
  TAR_BLOCK,
  type TarEntry,
  type TarHeader,
  parsePaxRecords,
  parseTarHeader,
  textBefore,
} from './tar-header.ts';

/** Who is told what a tar holds. */
export interface TarListener {
  /** An entry begins. `true`: its bytes are wanted. */
  entry(entry: TarEntry): boolean;
  /** The next bytes of the entry; they are the reader's, and gone after the call. */
  data(bytes: Uint8Array): void;
  /** The entry whose bytes were wanted has ended. */
  end(): void;
}

/**
 * Reads a tar that comes in pieces of any size, without copying what is in it. tar-stream does this too, but
 * with a stream and promises for each entry: a base layer has ten thousand that nobody wants.
 * @throws LayerFault
 */
export function createTarReader(listener: TarListener): {
  feed(chunk: Uint8Array): void;
  /** Nothing more comes. */
  finish(): void;
} {
  const block = new Uint8Array(TAR_BLOCK);
  let blockBytes = 0;
  let header: TarHeader | undefined;
  let isWanted = false;
  let dataLeft = 0;
  let paddingLeft = 0;
  let isAtEnd = false;
  let collected: Buffer[] = [];
  /** What the headers before an entry say of it. */
  let override: { path?: string; size?: number } = {};

  function readBlock(): void {
    blockBytes = 0;
    const read = parseTarHeader(block);
    if (read === undefined) {
      isAtEnd = true;
      return;
    }
    header = read.use === 'entry' ? { ...read, ...override } : read;
    dataLeft = header.size;
    paddingLeft = (TAR_BLOCK - (dataLeft % TAR_BLOCK)) % TAR_BLOCK;
    if (header.use === 'entry') {
      override = {};
      isWanted = listener.entry(header);
    } else if (header.size > LAYER_LIMITS.tarHeaderBytes) {
      throw new LayerFault(`a header has ${header.size} bytes`);
    }
    if (dataLeft === 0) endData();
  }

  function takeData(bytes: Uint8Array): void {
    if (isWanted) listener.data(bytes);
    else if (header?.use === 'pax' || header?.use === 'long-name')
      collected.push(Buffer.from(bytes));
    dataLeft -= bytes.length;
    if (dataLeft === 0) endData();
  }

  function endData(): void {
    if (isWanted) listener.end();
    isWanted = false;
    if (header?.use === 'pax')
      override = { ...override, ...parsePaxRecords(Buffer.concat(collected)) };
    if (header?.use === 'long-name') override.path = textBefore(Buffer.concat(collected));
    collected = [];
    header = undefined;
  }

  return {
    feed(chunk) {
      let index = 0;
      while (index < chunk.length && !isAtEnd) {
        const left = chunk.length - index;
        if (dataLeft > 0) {
          const length = Math.min(left, dataLeft);
          takeData(chunk.subarray(index, index + length));
          index += length;
        } else if (paddingLeft > 0) {
          const length = Math.min(left, paddingLeft);
          paddingLeft -= length;
          index += length;
        } else {
          const length = Math.min(left, TAR_BLOCK - blockBytes);
          block.set(chunk.subarray(index, index + length), blockBytes);
          blockBytes += length;
          index += length;
          if (blockBytes === TAR_BLOCK) readBlock();
        }
      }
    },
    finish() {
      // A tar without the zeros at its end is read by everybody; one that ends within an entry is torn.
      if (dataLeft > 0 || blockBytes > 0) {
        throw new LayerFault('it ends within an entry', { mayBeTransfer: true });
      }
    },
  };
}
