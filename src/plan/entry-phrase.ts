import type { WantingEntry } from '../lock/wanted-image.ts';
import { type Phrase, phrase } from './phrase.ts';
import { PRUNE } from './plan.ts';

/** Where an entry stands, and which one it is. */
export function entryAt({ position: { path, line, column }, field }: WantingEntry): Phrase {
  return phrase`${`${path}:${line}:${column}`} (${field})`;
}

/** Each entry once, in their order. */
export function uniqueEntries(entries: readonly WantingEntry[]): WantingEntry[] {
  if (entries.length < 2) return [...entries];
  const byText = new Map(
    entries.map((entry) => [`${JSON.stringify(entry.position)} ${entry.field}`, entry]),
  );
  return [...byText.values()];
}

/** Why an image goes: the entry of a delete file where that is known, else the file, or that nobody wants it. */
export function askedBy(reason: string, entry: WantingEntry | undefined): Phrase {
  if (entry !== undefined) return phrase`asked for by ${entryAt(entry)}`;
  if (reason === PRUNE) return ['since nobody wants it (deletion.policy: prune)'];
  return phrase`asked for by ${reason}`;
}
