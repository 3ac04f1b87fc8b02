import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createCopyContext } from '../../src/mirror/copy-context.ts';
import { copyImage } from '../../src/mirror/copy-image.ts';
import { buildGraphImage } from '../../src/release/graph-image/build-graph-image.ts';
import { fetchGraphData } from '../../src/release/graph-image/fetch-graph-data.ts';
import type { BuiltGraphImage } from '../../src/release/graph-image/graph-image.ts';
import { saveGraphImage } from '../../src/release/graph-image/save-graph-image.ts';
import { openLayoutSource } from '../../src/store/layout-source.ts';
import { createManifestCache } from '../../src/store/manifest-cache.ts';
import { at, readTar } from '../support/catalogs/read-layer.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { GRAPH_FILES, graphTarball } from '../support/graph-tarball.ts';
import type { MediaTypes } from '../support/make-image.ts';
import { createMemoryRegistry } from '../support/memory-ends.ts';
import { testClient } from '../support/registry-client.ts';
import { makeGraphBase } from '../support/releases/graph-base.ts';
import { hasProgram } from '../support/run-program.ts';
import { inspectRaw, skopeoCopy } from '../support/skopeo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { signal } = new AbortController();

interface RawManifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: { readonly architecture: string };
  }[];
}

async function build(folder: string, mediaTypes: MediaTypes): Promise<BuiltGraphImage> {
  const made = await makeGraphBase('ubi9', mediaTypes);
  const registry = createMemoryRegistry('registry.access.redhat.com');
  registry.add('ubi9/ubi', made, 'latest');
  const body = await graphTarball(GRAPH_FILES);
  const web = {
    get: () => Promise.resolve({ kind: 'found', body, validators: {} } as const),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const url = new URL('https://graph.example.com/graph-data');
  const data = await fetchGraphData({ web, url, folder, freshness: 'now' }, signal);
  const base = registry.source('ubi9/ubi');
  return buildGraphImage({ base, baseDigest: made.top.digest, data, folder }, signal);
}

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo'))(
  'a graph image in docker-registry, read with skopeo',
  () => {
    it.each(['oci', 'docker'] as const)('is what was built (%s)', async (mediaTypes) => {
      await using folder = await temporaryFolder();
      await using registry = await startDockerRegistry();
      await using client = testClient();
      const { digest, image } = await build(join(folder.path, 'built'), mediaTypes);
      const repository = 'site/openshift/graph-image';
      const target = client.target({ host: registry.host, repository });
      const manifests = createManifestCache({ limitBytes: 1_000_000 });
      const copy = { digest, tag: 'latest', attachments: true };
      await copyImage(image, target, copy, createCopyContext({ manifests }), signal);

      const reference = `docker://${registry.host}/${repository}:latest`;
      const raw = await inspectRaw(reference);
      expect(`sha256:${createHash('sha256').update(raw).digest('hex')}`).toBe(digest);
      const index = JSON.parse(raw.toString()) as RawManifest;
      const platforms = index.manifests.map(({ platform }) => platform.architecture);
      expect(platforms).toEqual(['amd64', 'arm64', 'ppc64le', 's390x']);

      // Another reader checks each digest and diff id on its way.
      const copied = join(folder.path, 'copied');
      const kind = mediaTypes === 'oci' ? `oci:${copied}` : `dir:${copied}`;
      expect(await skopeoCopy(reference, kind)).toMatchObject({ code: 0 });
    });

    it('is read by another program from the layout that is left for air gaps', async () => {
      await using folder = await temporaryFolder();
      const built = await build(join(folder.path, 'built'), 'oci');
      const layout = join(folder.path, 'graph-preparation');
      await saveGraphImage(built, layout, signal);
      const { digest } = await openLayoutSource(layout).readManifest(
        { kind: 'tag', tag: 'latest' },
        signal,
      );
      expect(digest).toBe(built.digest);

      const copied = join(folder.path, 'copied');
      expect(await skopeoCopy(`oci:${layout}`, `dir:${copied}`)).toMatchObject({ code: 0 });
      const index = JSON.parse(
        await readFile(join(copied, 'manifest.json'), 'utf8'),
      ) as RawManifest;
      expect(index.manifests).toHaveLength(4);
      const [child] = index.manifests;
      const file = `${child?.digest.slice('sha256:'.length) ?? ''}.manifest.json`;
      const manifest = JSON.parse(await readFile(join(copied, file), 'utf8')) as RawManifest;
      const blob = (name: string): Promise<Buffer> =>
        readFile(join(copied, name.slice('sha256:'.length)));
      const config = JSON.parse((await blob(manifest.config.digest)).toString()) as unknown;
      expect(config).toMatchObject({ config: { Cmd: ['/bin/bash', '-c', expect.any(String)] } });
      const tar = gunzipSync(await blob(at(manifest.layers, -1).digest));
      const names = (await readTar(tar)).map(({ name }) => name);
      expect(names).toContain('var/lib/cincinnati-graph-data/channels/stable-4.18.yaml');
    });
  },
);
