import { afterAll, beforeAll, describe, it } from 'vitest';
import { meet, openSiteWithRelease } from '../support/releases/refused-release.ts';
import type { ReleaseSite } from '../support/releases/release-site.ts';
import { hasProgram } from '../support/run-program.ts';
import { SIGNATURES } from './releases-refused/signatures.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

describe.skipIf(needed.length > 0)(`signatures that are no good${skipped}`, () => {
  let site: ReleaseSite;

  beforeAll(async () => {
    site = await openSiteWithRelease();
  }, 60_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  it.each(SIGNATURES.map((one, index) => ({ ...one, minor: 10 + index })))(
    'says what, where and what to do, and publishes all else: $name',
    async ({ minor, ...one }) => {
      await meet(site, one, minor);
    },
  );
});
