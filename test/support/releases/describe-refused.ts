import { afterAll, beforeAll, describe, it } from 'vitest';
import { hasProgram } from '../run-program.ts';
import { type RefusedRelease, meet, openSiteWithRelease } from './refused-release.ts';
import type { ReleaseSite } from './release-site.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

/** Tests of releases that are refused, each of a minor version of its own, at one site. */
export function describeRefused(name: string, cases: readonly RefusedRelease[]): void {
  describe.skipIf(needed.length > 0)(`${name}${skipped}`, () => {
    let site: ReleaseSite;

    beforeAll(async () => {
      site = await openSiteWithRelease();
    }, 60_000);

    afterAll(async () => {
      await site[Symbol.asyncDispose]();
    });

    it.each(cases.map((one, index) => ({ ...one, minor: 10 + index })))(
      'says what, where and what to do, and publishes all else: $name',
      async ({ minor, ...one }) => {
        await meet(site, one, minor);
      },
    );
  });
}
