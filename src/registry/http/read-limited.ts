import type { Answer } from './exchange.ts';
import { headerOf } from './header-of.ts';
import { HttpFailure } from './http-failure.ts';

/**
 * The whole body.
 * @param chunks the body, where it is not read from the answer itself.
 * @throws HttpFailure REGISTRY_BROKEN when it is longer than the limit, or the network's failure.
 */
export async function readLimited(
  answer: Pick<Answer, 'body' | 'headers' | 'url' | 'failureOf'>,
  limitBytes: number,
  chunks: AsyncIterable<Uint8Array> = answer.body as AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const announced = Number(headerOf(answer.headers, 'content-length') ?? 0);
  const read: Uint8Array[] = [];
  let received = 0;
  // Nobody listens to a body that is given up before it is read.
  answer.body.on('error', () => undefined);
  try {
    if (announced > limitBytes) throw tooLong(answer.url, limitBytes);
    for await (const chunk of chunks) {
      received += chunk.byteLength;
      if (received > limitBytes) throw tooLong(answer.url, limitBytes);
      read.push(chunk);
    }
  } catch (error) {
    answer.body.destroy();
    throw answer.failureOf(error);
  }
  return Buffer.concat(read);
}

function tooLong(url: URL, limitBytes: number): HttpFailure {
  return new HttpFailure('REGISTRY_BROKEN', `${url.host} sent more than ${limitBytes} bytes`, {
    remedy: 'wait-for-change',
    again: false,
    hint: `No correct answer to this request is that long. Check what answers at ${url.host}.`,
  });
}
