import { Readable, pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { LayerFault } from './layer-fault.ts';
import { LIMITS } from './limits.ts';
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
  limitBytes: number = LIMITS.layerBytes,
): AsyncGenerator<Uint8Array> {
  await using input = await peek(chunks);
  const source = input.all();
  const decoder = decoderFor(input.head);
  if (decoder === undefined) {
    yield* source;
    return;
  }
  let failure: { readonly error: unknown } | undefined;
  // A failing source destroys the decoder; its own error counts, not what the decoder makes of it.
  const guarded = (async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* decoder.cut(source);
    } catch (error) {
      failure = { error };
      throw error;
    }
  })();
  pipeline(Readable.from(guarded, { objectMode: false }), decoder.stream, () => undefined);
  let total = 0;
  try {
    for await (const chunk of decoder.stream as AsyncIterable<Uint8Array>) {
      total += chunk.length;
      if (total > limitBytes) {
        throw new LayerFault(`it unpacks to more than ${limitBytes} bytes`);
      }
      yield chunk;
    }
  } catch (error) {
    if (failure !== undefined) throw failure.error;
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

/** The first bytes, and then all of them. */
async function peek(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ head: Buffer; all(): AsyncGenerator<Uint8Array> } & AsyncDisposable> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isDone = false;
  while (head.length < 4 && !isDone) {
    const next = await iterator.next();
    if (next.done === true) isDone = true;
    else head = Buffer.concat([head, next.value]);
  }
  return {
    head,
    async *all() {
      if (head.length > 0) yield head;
      while (!isDone) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
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
