import { expect } from 'vitest';
import type { EntryFailure } from '../../src/lock/entry-failure.ts';

/** Says which image, of which host, and what to do. */
export function expectMessage(
  failure: EntryFailure | undefined,
  { wanted, named }: { readonly wanted: string; readonly named: readonly string[] },
): void {
  expect(failure?.wanted).toBe(wanted);
  for (const word of named) expect(failure?.error.message).toContain(word);
  expect(failure?.error.hint ?? '').not.toBe('');
}
