import type { Readable } from 'node:stream';

/** An answer whose body may be large. */
export interface LargeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}
