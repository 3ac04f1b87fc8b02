import { Readable, pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { LayerFault } from './layer-fault.ts';
import { LAYER_LIMITS } from './limits.ts';
import { cutAtZstdFrames } from './zstd-frames.ts';

/** Larger pieces cost fewer turns of the loop, smaller ones less memory. */
const CHUNK_BYTES = 256 * 1024;
const GZIP = '1f8b';
const ZSTD = /^(?:28b52ffd|5.2a4d18)/;

/**
 * The tar of a layer. How it is compressed is told by its first bytes: media types of real images are wrong
 * now and then.
 * @throws LayerFault when it cannot be unpacked, or unpacks to more than `limitBytes`; what `chunks` throws.
 */
export async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
  limitBytes: number = LAYER_LIMITS.layerBytes,
): AsyncGenerator<Uint8Array> {
  await using input = await peek(chunks);
  const source = input.all();
  const decoder = decoderFor(input.head);
  if (decoder === undefined) {
    yield* source;
    return;
  }
  const cut = decoder.cut(source);
  pipeline(Readable.from(cut, { objectMode: false }), decoder.stream, () => undefined);
  let total = 0;
  try {
    for await (const chunk of decoder.stream as AsyncIterable<Uint8Array>) {
      total += chunk.length;
      if (total > limitBytes) {
        throw new LayerFault(`it unpacks to more than ${limitBytes} bytes`);
      }
      yield chunk;
    }
    // A decoder stops at the end of what it knows; the digest is checked at the end of the bytes.
    await input.drain();
  } catch (error) {
    // A failing source destroys the decoder; its own error counts, not what the decoder makes of it.
    input.throwFailure();
    throw isCodecError(error)
      ? new LayerFault(`it cannot be unpacked: ${error.message}`, {
          cause: error,
          mayBeTransfer: true,
        })
      : error;
  } finally {
    decoder.stream.destroy();
  }
}

interface Decoder {
  readonly stream: NodeJS.ReadWriteStream & { destroy(): void };
  readonly cut: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

function decoderFor(head: Buffer): Decoder | undefined {
  const magic = head.toString('hex', 0, 4);
  if (magic.startsWith(GZIP)) {
    return { stream: createGunzip({ chunkSize: CHUNK_BYTES }), cut: (chunks) => chunks };
  }
  if (ZSTD.test(magic)) {
    return { stream: createZstdDecompress({ chunkSize: CHUNK_BYTES }), cut: cutAtZstdFrames };
  }
  return undefined;
}

interface Peeked extends AsyncDisposable {
  readonly head: Buffer;
  all(): AsyncGenerator<Uint8Array>;
  /** Takes what nobody has taken. */
  drain(): Promise<void>;
  /** @throws what the chunks threw, if they did */
  throwFailure(): void;
}

/** The first bytes, and then all of them. */
async function peek(chunks: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  let isDone = false;
  let failure: { readonly error: unknown } | undefined;

  function throwFailure(): void {
    if (failure !== undefined) throw failure.error;
  }

  async function take(): Promise<Uint8Array | undefined> {
    if (isDone) return undefined;
    const next = await iterator.next().catch((error: unknown) => {
      failure = { error };
      throw error;
    });
    // Whoever asked at the same time may have been told instead.
    throwFailure();
    if (next.done !== true) return next.value;
    isDone = true;
    return undefined;
  }

  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const piece = await take();
    if (piece === undefined) break;
    head = Buffer.concat([head, piece]);
  }
  return {
    head,
    async *all() {
      if (head.length > 0) yield head;
      for (let piece = await take(); piece !== undefined; piece = await take()) yield piece;
    },
    throwFailure,
    async drain() {
      while ((await take()) !== undefined);
    },
    async [Symbol.asyncDispose]() {
      await iterator.return?.();
    },
  };
}

function isCodecError(error: unknown): error is Error {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return /^(?:Z_|ZSTD_|ERR_STREAM_PREMATURE_CLOSE)/.test(String(error.code));
}
