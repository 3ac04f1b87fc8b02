import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { openGraphSource } from '../../src/release/graph/open-graph-source.ts';
import { openWebClient } from '../../src/web/open-web-client.ts';
import { freePort } from '../support/free-port.ts';
import type { MadeRelease } from '../support/releases/make-release.ts';
import {
  type ToldFailure,
  expectNotPublished,
  expectPublished,
  inForce,
  mirrorWith,
  openSiteWithRelease,
  placeOf,
} from '../support/releases/refused-release.ts';
import { type ReleaseSite, releaseSet } from '../support/releases/release-site.ts';
import type { ServiceFailure, ServicePart } from '../support/releases/update-service.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

interface Down {
  readonly name: string;
  readonly part: ServicePart;
  readonly failure: ServiceFailure;
  readonly says: string;
}

const DOWN: readonly Down[] = [
  {
    name: 'an update service that fails',
    part: 'graph',
    failure: 500,
    says: '/api/upgrades_info/v1/graph: 127.0.0.1:PORT answered 500',
  },
  {
    name: 'a store of signatures that fails',
    part: 'signatures',
    failure: 503,
    says: '/signature-1: 127.0.0.1:PORT answered 503',
  },
];

describe.skipIf(needed.length > 0)(`servers of releases that are down${skipped}`, () => {
  let site: ReleaseSite;

  beforeAll(async () => {
    site = await openSiteWithRelease();
    // Whatever is an orphan goes at once.
    await site.configure({ deletion: { policy: 'prune', maxShare: 1, maxImages: 1000 } });
  }, 60_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  async function expectDown(says: string, path: string): Promise<void> {
    const { code, report } = await site.pass('--resync');
    expect([code, report.state]).toEqual([3, 'Degraded']);
    const failures = report.failures as readonly ToldFailure[];
    const failure = failures.find(({ entries: [entry] }) => entry?.position.path === path);
    expect(failure === undefined ? '' : placeOf(failure)).toBe(`${path}:6:9`);
    expect(failure?.error.code).toBe('DOWNLOAD_FAILED');
    expect(failure?.error.message).toMatch(/^downloading http:/);
    expect(failure?.error.message.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')).toContain(
      says,
    );
    expect(failure?.error.hint ?? '').not.toBe('');
  }

  describe.each(DOWN.map((one, index) => ({ ...one, minor: 10 + index })))(
    '$name',
    ({ part, failure, says, minor }) => {
      const name = `stable-4.${minor}`;
      const versions = [`4.${minor}.0`, `4.${minor}.1`] as const;
      const path = `down-${minor}.yaml`;
      const wanting = (minVersion: string): Record<string, string> => ({
        [path]: releaseSet({ channels: [{ name, minVersion }] }),
      });
      let releases: MadeRelease[];

      beforeAll(async () => {
        releases = [];
        for (const version of versions)
          releases.push(await site.addRelease({ version, components: ['cli'] }));
        site.addChannel(name, { versions });
        site.service.fail(part, failure);
      });
      afterAll(() => {
        site.service.fail(part, undefined);
      });

      it('fails mirror before the first copy', async () => {
        const before = await inForce(site);
        const isc = releaseSet({ channels: [{ name, minVersion: versions[0] }] });
        const { code, stdout } = await mirrorWith(site, isc);
        expect(code).toBe(2);
        expect(stdout).toContain(`isc.yaml:6:9: ${name}`);
        expect(stdout).toContain('downloading http://');
        expect(await inForce(site)).toEqual(before);
      });

      it('publishes nothing new of it', async () => {
        await site.commit(wanting(versions[0]));
        await expectDown(says, path);
        await expectNotPublished(site, releases);
      });

      it('makes up for it in the next pass', async () => {
        site.service.fail(part, undefined);
        expect((await site.pass()).report).toMatchObject({ state: 'Applied', failures: [] });
        await expectPublished(site, releases);
      });

      it('leaves what is there, whatever the files ask for meanwhile', async () => {
        site.service.fail(part, failure);
        // Without its state folder a controller has kept nothing.
        await rm(join(site.site.folder, 'state'), { recursive: true });
        await site.commit(wanting(versions[1]));
        const before = await inForce(site);
        await expectDown(says, path);
        expect(await inForce(site)).toEqual(before);
        await expectPublished(site, releases);
        // The file goes on to want what it had: no delete takes it.
        const { images } = await site.site.lock();
        const mine = images.filter(({ destination }) => destination.includes(`:4.${minor}.`));
        expect(mine.length).toBe(4);
        for (const { wantedBy } of mine) expect(wantedBy).toEqual([path]);
      });

      it('does what they ask for afterwards', async () => {
        site.service.fail(part, undefined);
        expect((await site.pass('--resync')).report).toMatchObject({
          state: 'Applied',
          failures: [],
        });
        await expectPublished(site, releases.slice(1));
        expect(await site.there(`openshift/release-images:${versions[0]}-x86_64`)).toBe(undefined);
      });
    },
  );

  it('says that nobody answers where there is no server', async () => {
    const graphUrl = `http://127.0.0.1:${await freePort()}/graph`;
    await site.configure({}, { releases: { ...site.releases, graphUrl } });
    const before = await inForce(site);
    await expectDown('/graph: 127.0.0.1:PORT: connection refused', 'down-10.yaml');
    expect(await inForce(site)).toEqual(before);
    await site.configure();
    expect((await site.pass('--resync')).report).toMatchObject({ failures: [] });
  });

  it('gives up a server that never answers', async () => {
    site.service.fail('graph', 'stall');
    const { graphUrl, okdGraphUrl } = site.service;
    const retry = { times: 0, delayMs: 0 };
    await using web = openWebClient({ environment: {}, log: silentLog, retry, idleTimeoutMs: 200 });
    const graphs = openGraphSource({
      ...{ web, folder: undefined, keepAs: 'by-type', freshness: 'now' },
      urls: { ocp: new URL(graphUrl), okd: new URL(okdGraphUrl) },
    });
    const question = { type: 'ocp', architecture: 'amd64', channel: 'stable-4.9' } as const;
    const reading = graphs.read(question, new AbortController().signal);
    await expect(reading).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: expect.stringMatching(/^downloading http:.*graph: /) as string,
    });
    site.service.fail('graph', undefined);
  });
});
