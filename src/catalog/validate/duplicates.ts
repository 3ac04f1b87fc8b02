/** The texts that occur more than once, each once. */
export function duplicatesOf(texts: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>();
  const duplicates = new Set<string>();
  for (const text of texts) (seen.has(text) ? duplicates : seen).add(text);
  return duplicates;
}
