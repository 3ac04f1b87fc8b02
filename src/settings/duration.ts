const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const LONGEST_MS = 3650 * 86_400_000;

/** `0s`, `90m`, `1d12h` in milliseconds; undefined for text that is no duration, or more than ten years. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    total += Number(count) * (UNIT_MS[unit] ?? 0);
  }
  return total <= LONGEST_MS ? total : undefined;
}
