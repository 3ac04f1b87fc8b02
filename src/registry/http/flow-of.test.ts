import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { flowOf } from './flow-of.ts';

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(chunks)).toString();
}

it('passes on every chunk, in order', async () => {
  const chunks = ['a', 'b', 'c'].map((text) => Buffer.from(text));
  expect(await textOf(flowOf(Readable.from(chunks, { objectMode: false })))).toBe('abc');
});

it('ends with the failure of the readable, after what came before', async () => {
  const stream = new PassThrough();
  const flow = flowOf(stream);
  stream.write('a');
  const first = await flow.next();
  stream.destroy(new Error('cut'));
  expect(Buffer.from(first.value as Uint8Array).toString()).toBe('a');
  await expect(flow.next()).rejects.toThrow('cut');
});

it('fails where the readable is closed without an end', async () => {
  const stream = new PassThrough();
  const flow = flowOf(stream);
  stream.write('a');
  await flow.next();
  stream.destroy();
  await expect(flow.next()).rejects.toThrow('closed before its end');
});

it('destroys the readable when the consumer stops', async () => {
  const stream = new PassThrough();
  const flow = flowOf(stream);
  stream.write('a');
  await flow.next();
  await flow.return(undefined);
  expect(stream.destroyed).toBe(true);
});

it('holds up the sender while the consumer works', async () => {
  let made = 0;
  const endless = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      made += 1;
      this.push(Buffer.alloc(64 * 1024));
    },
  });
  const flow = flowOf(endless);
  await flow.next();
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  await flow.return(undefined);
  expect(made).toBeLessThan(20);
});
