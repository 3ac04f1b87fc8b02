import { createHash } from 'node:crypto';

/** What a fault proxy does to one exchange. */
export type Fault =
  /** The connection ends before the registry hears of the request. */
  | { readonly kind: 'drop' }
  /** The registry does it, and nobody hears the answer. `then` runs in between. */
  | { readonly kind: 'drop-answer'; readonly then?: () => void }
  /** The connection ends in the middle of the answer's body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The answer's body stops, and the connection stays. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** One bit of the answer's body is another. */
  | { readonly kind: 'flip'; readonly atByte: number }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The registry does not hear of it; the proxy answers itself. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The registry is asked for another path. */
  | { readonly kind: 'ask'; readonly path: string }
  /** Something before the registry changes what it is sent. */
  | { readonly kind: 'rewrite'; readonly change: (body: Buffer) => Buffer };

export interface FaultyRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What happens to a request; undefined: nothing. Asked once for each request, in the order in which they come. */
export type FaultPlan = (request: FaultyRequest) => Fault | undefined;

export type Matches = (request: FaultyRequest) => boolean;

export const noFaults: FaultPlan = () => undefined;

/** The requests with this method, and with a path that matches. */
export function requests(method: string, path: RegExp): Matches {
  return (request) => request.method === method && path.test(request.path);
}

/** Every request that matches. */
export function whenever(matches: Matches, fault: Fault): FaultPlan {
  return (request) => (matches(request) ? fault : undefined);
}

/** The first so many requests that match, after so many that are left alone. */
export function firstOf(count: number, matches: Matches, fault: Fault, after = 0): FaultPlan {
  let seen = 0;
  return (request) => {
    if (!matches(request)) return undefined;
    seen += 1;
    return seen > after && seen <= after + count ? fault : undefined;
  };
}

/** The first plan that has a fault. */
export function anyOf(...plans: readonly FaultPlan[]): FaultPlan {
  return (request) => {
    for (const plan of plans) {
      const fault = plan(request);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/**
 * A share of all requests, each with one of the faults. What happens to a request follows from the seed, its method
 * and path and how often it came before: not from the order in which requests meet at the proxy.
 */
export function seeded(seed: string, share: number, faults: readonly Fault[]): FaultPlan {
  const seen = new Map<string, number>();
  return ({ method, path }) => {
    // Sessions of uploads have a name by chance; which one it is must not decide.
    const name = `${method} ${path.replace(/uploads\/[^?]+/, 'uploads/').replace(/_state=[^&]*/, '')}`;
    const time = seen.get(name) ?? 0;
    seen.set(name, time + 1);
    const chance = seededNumbers(`${seed} ${name} ${time}`);
    return chance() < share ? faults[Math.floor(chance() * faults.length)] : undefined;
  };
}

/** Numbers from 0 to 1 that follow from the seed. */
export function seededNumbers(seed: string): () => number {
  let calls = 0;
  return () => {
    calls += 1;
    return createHash('sha256').update(`${seed} ${calls}`).digest().readUInt32BE(0) / 2 ** 32;
  };
}
