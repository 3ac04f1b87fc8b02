/**
 * A copy of plain data without the fields whose value is null or '': a field that is named but left empty
 * counts as not set, as in the reference tool. Items of lists stay, and so does everything below the
 * fields of `keep`.
 */
export function withoutBlanks(value: unknown, keep: ReadonlySet<string> = new Set()): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutBlanks(item, keep));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, field] of Object.entries(value)) {
    if (field === null || field === '') continue;
    copy[name] = keep.has(name) ? (field as unknown) : withoutBlanks(field, keep);
  }
  return copy;
}
