import { afterAll, beforeAll, expect, it } from 'vitest';
import { type WrongInputSite, startWrongInputSite } from '../support/wrong-input-site.ts';
import { COMMANDS_AND_SETTINGS } from './wrong-inputs/commands-and-settings.ts';
import { REGISTRIES } from './wrong-inputs/registries.ts';
import { RELEASES } from './wrong-inputs/releases.ts';
import { SERVING } from './wrong-inputs/serving.ts';
import { STATE_AND_GIT } from './wrong-inputs/state-and-git.ts';

/*
 * Here the wording is tested, which is what people read: what happened, where, and what to do. Whoever changes a
 * text reads the new one as they would.
 */
const WRONG = [...COMMANDS_AND_SETTINGS, ...STATE_AND_GIT, ...REGISTRIES, ...RELEASES, ...SERVING];

let site: WrongInputSite;
let good: unknown;

beforeAll(async () => {
  site = await startWrongInputSite();
  good = await site.inForce();
}, 60_000);
afterAll(() => site[Symbol.asyncDispose]());

it.for(WRONG)(
  'says what is wrong and what to do, and leaves the last good state: $name',
  { timeout: 90_000 },
  async ({ needs, code, text, run }, { skip }) => {
    skip(needs !== undefined && site.lacks.has(needs), `this needs ${needs ?? ''}`);

    const ran = await run(site);

    expect(site.shown(ran)).toEqual(text);
    expect(ran.code).toBe(code);
    expect(ran.stdout + ran.stderr).not.toMatch(/s3cret|wr0ng|czNjcmV0/);
    expect(await site.inForce()).toEqual(good);
  },
);
