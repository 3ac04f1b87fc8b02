import type { Answer } from './exchange.ts';
import { headerOf } from './header-of.ts';
import { HttpFailure } from './http-failure.ts';

/** The whole body. @throws HttpFailure REGISTRY_BROKEN when it is longer than the limit, or the network's failure. */
export async function readLimited(
  answer: Pick<Answer, 'body' | 'headers' | 'url' | 'failureOf'>,
  limitBytes: number,
): Promise<Uint8Array> {
  const announced = Number(headerOf(answer.headers, 'content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    if (announced > limitBytes) throw tooLong(answer.url, limitBytes);
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      received += chunk.byteLength;
      if (received > limitBytes) throw tooLong(answer.url, limitBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    answer.body.destroy();
    throw answer.failureOf(error);
  }
  return Buffer.concat(chunks);
}

function tooLong(url: URL, limitBytes: number): HttpFailure {
  return new HttpFailure('REGISTRY_BROKEN', `${url.host} sent more than ${limitBytes} bytes`, {
    remedy: 'wait-for-change',
    again: false,
    hint: 'No correct answer to this request is that long.',
  });
}
