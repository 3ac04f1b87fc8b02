const SHOWN = 5;

/** Some of the names, and how many there are more: `"a", "b" and 3 more`. */
export function listNames(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, SHOWN).map((name) => `"${name}"`);
  const rest = all.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}
