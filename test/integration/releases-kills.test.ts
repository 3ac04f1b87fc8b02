import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noFaults, requests } from '../support/fault-plan.ts';
import { type KillingRequest, killAt } from '../support/kill-at.ts';
import { type Scene, type World, makeWorld } from '../support/killed-passes.ts';
import type { Endpoint } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { digestAt, listRegistry } from '../support/registry-content.ts';
import { makeGraphBase } from '../support/releases/graph-base.ts';
import { makeGraphDataArchive } from '../support/releases/graph-data-archive.ts';
import { makeRelease } from '../support/releases/make-release.ts';
import { pushRelease } from '../support/releases/push-release.ts';
import { releaseSet } from '../support/releases/release-site.ts';
import { signRelease } from '../support/releases/sign-release.ts';
import { makeSigningKey } from '../support/releases/signing-key.ts';
import { type UpdateService, openUpdateService } from '../support/releases/update-service.ts';
import { findProgram, hasProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const hasPrograms = findProgram('docker-registry') !== undefined && hasProgram('git');
const OLD = '4.18.0';
const NEW = '4.18.1';
const COMPONENTS = ['cli', 'etcd', 'machine-os-content'];

/** Where a process is killed: at the first of these requests. */
const KILLS: readonly (KillingRequest & {
  readonly what: string;
  readonly at: 'source' | 'destination';
})[] = [
  {
    what: 'reading the payload',
    at: 'source',
    matches: requests('GET', /\/ocp-release\/blobs\//),
    when: 'after',
  },
  {
    what: 'with one component there',
    at: 'destination',
    matches: requests('PUT', /\/release\/manifests\//),
    when: 'after',
  },
  {
    what: 'before the payload gets its tag',
    at: 'destination',
    matches: requests('PUT', /\/release-images\/manifests\//),
    when: 'before',
  },
  {
    what: 'when the payload has its tag',
    at: 'destination',
    matches: requests('PUT', /\/release-images\/manifests\//),
    when: 'after',
  },
  {
    what: 'sending the graph image',
    at: 'destination',
    matches: requests('PUT', /\/graph-image\/manifests\//),
    when: 'before',
  },
];

describe.skipIf(!hasPrograms)('a controller that is killed with a release', () => {
  let world: World & AsyncDisposable;
  let service: UpdateService;
  let undisturbed: { content: Record<string, string>; branch: string };
  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    service = stack.use(await openUpdateService());
    const folder = stack.use(await temporaryFolder());
    world = stack.use(
      await makeWorld((endpoint, host) => releaseComes(service, folder.path, endpoint, host)),
    );
    await using registry = await world.restore();
    const { code, stderr } = await (await world.start()).ended;
    expect(code, stderr).toBe(0);
    undisturbed = { content: await listRegistry(registry.endpoint), branch: await world.branch() };
    expect(Object.keys(undisturbed.content)).toContain(
      `site/openshift/release-images:${NEW}-x86_64`,
    );
  }, 120_000);
  afterAll(async () => {
    await stack.disposeAsync();
  });

  it.each(KILLS)('ends as if it had not been: $what', async ({ at, matches, when }) => {
    await using registry = await world.restore();
    const killed = await world.start();
    killAt(world.proxy[at], { matches, when }, () => {
      killed.signal('SIGKILL');
    });
    expect((await killed.ended).signal).toBe('SIGKILL');
    world.proxy.source.plan = noFaults;
    world.proxy.destination.plan = noFaults;

    // Whatever happened: what the branch names is there, and no release without its components.
    for (const [place, digest] of await world.locked())
      expect(await digestAt(registry.endpoint, `site/${place}`), place).toBe(digest);
    const there = Object.keys(await listRegistry(registry.endpoint));
    if (there.includes(`site/openshift/release-images:${NEW}-x86_64`)) {
      const components = COMPONENTS.map((name) => `site/openshift/release:${NEW}-x86_64-${name}`);
      expect(there).toEqual(expect.arrayContaining(components));
    }

    const { code, stderr } = await (await world.start()).ended;
    expect(code, stderr).toBe(0);
    expect(await listRegistry(registry.endpoint)).toEqual(undisturbed.content);
    expect(await world.branch()).toBe(undisturbed.branch);
  });
});

/** A release is there, and the next one comes, with a graph image. */
async function releaseComes(
  service: UpdateService,
  folder: string,
  endpoint: Endpoint,
  host: string,
): Promise<Scene> {
  const key = makeSigningKey('release');
  const keysFile = join(folder, 'release.asc');
  await writeFile(keysFile, key.armoured);
  const nodes = [];
  for (const version of [OLD, NEW]) {
    const components = COMPONENTS.map((name) => ({
      name,
      seed: name === 'etcd' ? name : `${name} ${version}`,
    }));
    const release = await makeRelease({ version, host, components });
    await pushRelease(endpoint, release);
    const { digest, tagged, reference } = release;
    service.setSignatures(digest, [signRelease({ digest, reference: tagged, key })]);
    nodes.push({ version, payload: reference, metadata: {} });
  }
  service.setGraph('amd64', 'stable-4.18', { nodes, edges: [[OLD, NEW]] });
  service.setGraphData(await makeGraphDataArchive());
  await pushImage(endpoint, 'ubi9/ubi', await makeGraphBase(), 'latest');
  const channel = { name: 'stable-4.18', minVersion: OLD };
  const { graphUrl, graphDataUrl, signatureUrl } = service;
  return {
    before: { 'releases.yaml': releaseSet({ channels: [{ ...channel, maxVersion: OLD }] }) },
    after: {
      'releases.yaml': releaseSet({ graph: true, channels: [{ ...channel, maxVersion: NEW }] }),
    },
    releases: {
      ...{ graphUrl, graphDataUrl, signatureUrl, keysFile },
      graphBase: `${host}/ubi9/ubi:latest`,
    },
  };
}
