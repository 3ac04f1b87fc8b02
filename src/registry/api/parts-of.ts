/** Cuts a stream into parts of exactly `sizeBytes`, the last one shorter. Holds one part in memory. */
export async function* partsOf(
  content: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of content) {
    let rest = chunk;
    while (heldBytes + rest.byteLength >= sizeBytes) {
      const missing = sizeBytes - heldBytes;
      yield Buffer.concat([...held, rest.subarray(0, missing)]);
      held = [];
      heldBytes = 0;
      rest = rest.subarray(missing);
    }
    if (rest.byteLength > 0) {
      held.push(rest);
      heldBytes += rest.byteLength;
    }
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}
