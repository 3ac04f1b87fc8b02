import type { Log } from '../../base/log.ts';
import { redact } from './redact.ts';
import { withoutQueries } from './without-queries.ts';

const MOST_TEXT = 500;
/** A server that sends ever new warnings fills neither the log nor the memory. */
const MOST_WARNINGS = 100;

/** Logs `Warning: 299 - "text"` headers, each text once for each host (spec, transfer-engine, 5.1.7). */
export function createWarnOnce(
  log: Log,
): (host: string, header: string | string[] | undefined, secrets: readonly string[]) => void {
  const seen = new Set<string>();
  return (host, header, secrets) => {
    for (const value of [header ?? []].flat()) {
      for (const match of value.matchAll(/(?:^|,)\s*299 [^\s"]+ "((?:[^"\\]|\\.)*)"/g)) {
        const warning = withoutQueries(
          redact((match[1] ?? '').replace(/\\(.)/g, '$1'), secrets),
        ).slice(0, MOST_TEXT);
        const key = `${host} ${warning}`;
        if (seen.has(key) || seen.size >= MOST_WARNINGS) continue;
        seen.add(key);
        log.warn({ host, warning }, 'the registry warns');
      }
    }
  };
}
