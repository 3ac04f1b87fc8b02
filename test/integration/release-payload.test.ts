import { expect, it } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import type { PayloadContent } from '../../src/release/payload/payload-content.ts';
import { readPayload } from '../../src/release/payload/read-payload.ts';
import { testClient } from '../support/registry-client.ts';
import { makeRelease } from '../support/releases/make-release.ts';
import { pushRelease } from '../support/releases/push-release.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTestRegistry } from '../support/test-registry.ts';

it.each([
  { architecture: 'amd64', mediaTypes: 'docker' },
  { architecture: 'multi', mediaTypes: 'docker' },
  { architecture: 'multi', mediaTypes: 'oci' },
] as const)(
  'reads a payload for $architecture ($mediaTypes) of a registry once',
  async (options) => {
    await using registry = await startTestRegistry();
    await using folder = await temporaryFolder();
    await using client = testClient();
    const { host } = registry;
    const bootImages = { x86_64: 'one', s390x: 'two' };
    const release = await makeRelease({ host, version: '4.18.1', bootImages, ...options });
    await pushRelease(registry.endpoint, release);

    const source = client.source({
      kind: 'registry',
      registry: host,
      repository: release.payloadRepository,
      path: release.payloadRepository,
      digest: release.digest,
    });
    const read = (digest: Digest): Promise<PayloadContent> =>
      readPayload(
        source,
        digest,
        { name: release.tagged, folder: folder.path },
        new AbortController().signal,
      );
    const first = await read(release.digest);
    const before = (await registry.requests()).length;
    const again = await read(release.digest);

    expect(first).toEqual({
      version: '4.18.1',
      components: release.components.map(({ name, reference }) => ({ name, reference })),
      bootImages: new Map([...release.bootImages].map(([key, one]) => [key, one.reference])),
    });
    expect(again).toEqual(first);
    expect(await registry.requests()).toHaveLength(before);
  },
);
