import { createHash } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { formatBytes } from '../src/base/format-bytes.ts';
import { digestOf } from '../src/oci/digest.ts';
import { MEDIA_TYPES } from '../src/oci/media-types.ts';
import { startLoopbackServer } from '../test/support/loopback-server.ts';
import type { MadeImage } from '../test/support/make-image.ts';
import { makeMirrorSite } from '../test/support/mirror-site.ts';
import { makeLayeredImage } from '../test/support/releases/layered-image.ts';
import { releaseFiles } from '../test/support/releases/release-files.ts';
import { releaseSet } from '../test/support/releases/release-site.ts';
import { signRelease } from '../test/support/releases/sign-release.ts';
import { makeSigningKey } from '../test/support/releases/signing-key.ts';
import { openUpdateService } from '../test/support/releases/update-service.ts';
import { type Measured, measureCommand } from './measure.ts';

/**
 * `node bench/releases.ts`: plans of a full channel by `imageset plan`, with payloads, signatures and sizes unknown and
 * known. A source of our own serves them, since 17,000 images in a registry would take longer than all else.
 */

const RELEASES = 300;
const COMPONENTS = 190;
/** Of the components of a release, those that the one before does not have. */
const CHANGED = 57;
const LIMIT_SECONDS = 5;
const LIMIT_BYTES = 500 * 1024 * 1024;
const CHANNEL = 'stable-4.18';
const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

/** @returns whether the limits were kept. */
export async function benchReleases(): Promise<boolean> {
  const answers = new Map<string, { readonly type: string; readonly bytes: Uint8Array }>();
  await using source = await startLoopbackServer(({ url }, response) => {
    const answer = answers.get(url.slice(url.lastIndexOf('/') + 1));
    if (url === '/v2/') response.end('{}');
    else if (answer === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': answer.type }).end(answer.bytes);
  });
  await using service = await openUpdateService();
  await using site = await makeMirrorSite();
  const key = makeSigningKey('release');
  await writeFile(join(site.folder, 'release.asc'), key.armoured);

  function serve({ manifests, blobs }: Pick<MadeImage, 'manifests' | 'blobs'>): void {
    for (const { digest, mediaType, bytes } of manifests)
      answers.set(digest, { type: mediaType, bytes });
    for (const [digest, bytes] of blobs)
      answers.set(digest, { type: 'application/octet-stream', bytes });
  }

  const current = Array.from({ length: COMPONENTS }, (_, index) => addComponent(answers, index, 0));
  const nodes = [];
  for (let release = 0; release < RELEASES; release += 1) {
    for (let change = 0; change < CHANGED && release > 0; change += 1) {
      const index = (release * CHANGED + change) % COMPONENTS;
      current[index] = addComponent(answers, index, release);
    }
    const version = `4.18.${release}`;
    const components = current.map((digest, index) => {
      return { name: `component-${index}`, reference: `${source.host}/ocp/art-dev@${digest}` };
    });
    const platform = { os: 'linux', architecture: 'amd64' };
    const files = releaseFiles({
      ...{ version, components, platform },
      ...{ isMulti: false, withImageReferences: true },
    });
    const payload = await makeLayeredImage({
      layers: [
        Object.entries(files).map(([name, content]) => {
          return { name: `release-manifests/${name}`, content };
        }),
      ],
      platform,
    });
    serve(payload);
    const { digest } = payload.top;
    const name = `${source.host}/ocp/release`;
    const reference = `${name}:${version}-x86_64`;
    service.setSignatures(digest, [signRelease({ digest, reference, key })], 'ocp');
    nodes.push({ version, payload: `${name}@${digest}`, metadata: {} });
  }
  service.setGraph('amd64', CHANNEL, { nodes });

  const conf = join(site.home, '.config/containers/registries.conf');
  const insecure = [source.host, 'localhost:1'];
  for (const host of insecure)
    await appendFile(conf, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  const { graphUrl, signatureUrl } = service;
  const settings = await site.writeSettings(
    [{ name: 'bench', paths: ['.'], destination: 'docker://localhost:1/site', output: '.' }],
    { releases: { graphUrl, signatureUrl, keysFile: join(site.folder, 'release.asc') } },
  );
  await site.git.commit('main', {
    'releases.yaml': releaseSet({ channels: [{ name: CHANNEL, full: true }] }),
  });
  const flags = `--settings ${settings} --state ${join(site.folder, 'state')}`;
  const measure = (): Promise<Measured> =>
    measureCommand(`"${process.execPath}" "${MAIN}" plan ${flags}`, site.environment);

  const images = RELEASES * (COMPONENTS + 1);
  console.log(
    `\nreleases: a plan of ${RELEASES} releases of ${COMPONENTS} components, ${images} images`,
  );
  print('nothing known', await measure(), source.seen.length + service.seen.length);
  const before = source.seen.length + service.seen.length;
  const known = await measure();
  const asked = source.seen.length + service.seen.length - before;
  print(`all known (at most ${LIMIT_SECONDS} s, ${formatBytes(LIMIT_BYTES)})`, known, asked);
  return known.seconds <= LIMIT_SECONDS && known.peakBytes <= LIMIT_BYTES;
}

/** An image of four layers, as far as a plan looks: its manifest. */
function addComponent(
  answers: Map<string, { readonly type: string; readonly bytes: Uint8Array }>,
  index: number,
  release: number,
): string {
  const layer = (name: string, size: number): object => {
    const digest = `sha256:${createHash('sha256').update(name).digest('hex')}`;
    return { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size, digest };
  };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.dockerManifest,
      config: {
        ...layer(`config ${index} ${release}`, 5000),
        mediaType: 'application/vnd.docker.container.image.v1+json',
      },
      layers: [
        layer('base', 80_000_000),
        layer(`tools of ${release % 10}`, 20_000_000),
        layer(`libraries of ${index}`, 10_000_000),
        layer(`program ${index} ${release}`, 30_000_000),
      ],
    }),
  );
  const digest = digestOf(bytes);
  answers.set(digest, { type: MEDIA_TYPES.dockerManifest, bytes });
  return digest;
}

function print(name: string, run: Measured, requests: number): void {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  console.log(
    `  ${name.padEnd(36)} ${run.seconds.toFixed(2)} s (load ${load}), CPU ${run.cpuSeconds.toFixed(2)} s, peak ${formatBytes(run.peakBytes)}, ${requests} requests`,
  );
}

if (import.meta.main && !(await benchReleases())) process.exitCode = 1;
