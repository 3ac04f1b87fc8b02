import type { Matches } from './fault-plan.ts';
import type { FaultProxy } from './fault-proxy.ts';

/** A request at which a process is killed: instead of it, or when it was carried out. */
export interface KillingRequest {
  readonly matches: Matches;
  readonly when: 'before' | 'after';
}

/** Once: what is sent again by the next process passes. */
export function killAt(
  proxy: FaultProxy,
  { matches, when }: KillingRequest,
  kill: () => void,
): void {
  let isDone = false;
  proxy.plan = (request) => {
    if (isDone || !matches(request)) return undefined;
    isDone = true;
    if (when === 'after') return { kind: 'drop-answer', then: kill };
    kill();
    return { kind: 'drop' };
  };
}
