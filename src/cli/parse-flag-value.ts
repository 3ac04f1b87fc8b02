import { ControllerError } from '../base/controller-error.ts';

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The value of a switch. @throws ControllerError USAGE */
export function parseSwitch(flag: string, text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw invalid(flag, text, `strconv.ParseBool: parsing "${text}": invalid syntax`);
}

/** A whole number within bounds. @throws ControllerError USAGE */
export function parseInteger(
  flag: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw invalid(flag, text, 'it is no whole number');
  if (value < min || value > max) throw invalid(flag, text, `it is not within ${min} and ${max}`);
  return value;
}

/**
 * A duration in milliseconds, as `1h30m`, `500ms`, `-1s` or `0`: every other number needs a unit
 * (spec, config-and-outputs, 8.1). @throws ControllerError USAGE
 */
export function parseDuration(flag: string, text: string): number {
  const [, sign, body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0;
  if (/^(?:\d+\.?\d*|\.\d+)$/.test(body)) {
    throw invalid(flag, text, `time: missing unit in duration "${text}"`);
  }
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) {
    throw invalid(flag, text, `time: invalid duration "${text}"`);
  }
  let ms = 0;
  for (const [, value, unit] of body.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    ms += Number(value) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return sign === '-' ? -ms : ms;
}

function invalid(flag: string, text: string, reason: string): ControllerError {
  return new ControllerError('USAGE', `invalid argument "${text}" for "${flag}" flag: ${reason}`, {
    remedy: 'wait-for-change',
  });
}
