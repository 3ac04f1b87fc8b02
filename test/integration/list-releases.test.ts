import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { testIo } from '../support/command-io.ts';
import { makeImage } from '../support/make-image.ts';
import { pushImage } from '../support/push-image.ts';
import { type UpdateService, openUpdateService } from '../support/releases/update-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type TestRegistry, startTestRegistry } from '../support/test-registry.ts';

const { signal } = new AbortController();
const CHANNELS = 'io.openshift.upgrades.graph.release.channels';

interface ListSite extends AsyncDisposable {
  readonly service: UpdateService;
  readonly registry: TestRegistry;
  list(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** An update service and a registry that stands for quay.io, and `imageset list releases` on a machine that has nothing else. */
async function openSite(): Promise<ListSite> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  const registry = opened.use(await startTestRegistry());
  const service = opened.use(await openUpdateService());
  const conf = join(folder.path, 'registries.conf');
  await writeFile(
    conf,
    `[[registry]]\nprefix = "quay.io"\nlocation = "${registry.host}"\ninsecure = true\n`,
  );
  const environment = {
    HOME: folder.path,
    CONTAINERS_REGISTRIES_CONF: conf,
    UPDATE_URL_OVERRIDE: service.graphUrl,
  };
  service.setGraph('amd64', 'stable-4.18', graphOf('4.18.10', '4.18.9', '4.18.0-rc.1'));
  service.setGraph('arm64', 'stable-4.18', graphOf('4.18.9'));
  const owned = opened.move();
  return {
    service,
    registry,
    async list(...args) {
      const io = testIo({ environment, cwd: folder.path });
      const flags = ['--src-tls-verify=false', '--retry-times', '-1'];
      const code = await runCommandLine(['list', 'releases', ...args, ...flags], io, signal);
      return { code, ...io.written };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function graphOf(...versions: string[]) {
  const metadata = { [CHANNELS]: 'stable-4.18,fast-4.18' };
  return {
    nodes: versions.map((version) => ({ version, payload: `q.io/r:${version}`, metadata })),
  };
}

const INTRODUCTION = [
  'Listing stable channels. Use --channel=<name> to filter.',
  'Use oc-mirror --v2 list releases --channels --version=4.18 to discover other channels.',
  '',
];
const AMD64 = ['Channel: stable-4.18', 'Architecture: amd64', '4.18.0-rc.1', '4.18.9', '4.18.10'];

describe('imageset list releases', () => {
  it('shows the releases of a channel, on each architecture', async () => {
    await using site = await openSite();

    const result = await site.list('--version', '4.18', '--filter-by-archs', 'amd64,arm64');

    const arm64 = ['Channel: stable-4.18', 'Architecture: arm64', '4.18.9'];
    const stdout = [...INTRODUCTION, ...AMD64, ...arm64, ''].join('\n');
    expect(result).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('shows what there is, and says what there is not', async () => {
    await using site = await openSite();

    const text = await site.list('--version=4.18', '--filter-by-archs=s390x,amd64');
    const json = await site.list(
      '--version=4.18',
      '--filter-by-archs=s390x,amd64',
      '--output=json',
    );

    expect({ code: text.code, stdout: text.stdout }).toEqual({
      code: 1,
      stdout: [...INTRODUCTION, ...AMD64, ''].join('\n'),
    });
    expect(text.stderr).toMatch(/channel "stable-4.18": no versions found \(for s390x/);
    expect(text.stderr).not.toContain('Usage');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toEqual({
      channel: 'stable-4.18',
      architectures: [
        { architecture: 's390x', problem: 'channel "stable-4.18": no versions found' },
        { architecture: 'amd64', versions: ['4.18.0-rc.1', '4.18.9', '4.18.10'] },
      ],
    });
  });

  it('shows the channels of a version', async () => {
    await using site = await openSite();

    const text = await site.list('--channels', '--version', '4.18');
    const json = await site.list('--channels', '--version', '4.18', '--output', 'json');
    const unknown = await site.list('--channels', '--version', '4.99');

    const heading = 'Listing channels for version 4.18:';
    expect(text).toEqual({ code: 0, stdout: `${heading}\n\nfast-4.18\nstable-4.18\n`, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual({
      version: '4.18',
      channels: ['fast-4.18', 'stable-4.18'],
    });
    expect(unknown).toMatchObject({ code: 0, stdout: 'Listing channels for version 4.99:\n\n' });
  });

  it('shows the minor versions, read from the tags of the payloads', async () => {
    await using site = await openSite();
    const image = await makeImage();
    const tags = ['4.9.1-x86_64', '4.10.0-x86_64', '4.9.0-multi', 'latest', 'sha256-4.11.sig'];
    for (const tag of tags)
      await pushImage(site.registry.endpoint, 'openshift-release-dev/ocp-release', image, tag);

    const text = await site.list();
    const json = await site.list('--output=json');

    expect(text).toEqual({
      code: 0,
      stdout: 'Available OpenShift Container Platform release versions:\n  4.9\n  4.10\n',
      stderr: '',
    });
    expect(JSON.parse(json.stdout)).toEqual({ versions: ['4.9', '4.10'] });
  });

  it.each([
    { failure: 500, message: 'answered 500' },
    { failure: 'drop', message: 'connection closed' },
  ] as const)(
    'says why there is nothing where the service fails: $failure',
    async ({ failure, message }) => {
      await using site = await openSite();
      site.service.fail('graph', failure);

      const releases = await site.list('--channel', 'fast-4.18');
      const channels = await site.list('--channels', '--version', '4.18');

      for (const { code, stdout, stderr } of [releases, channels]) {
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toContain(message);
      }
    },
  );

  it('says so of a word that says nothing', async () => {
    await using site = await openSite();

    const { code, stderr } = await site.list('4.18', '--version', '4.18');

    expect(code).toBe(0);
    expect(stderr).toContain('"4.18" is no flag');
  });

  it('refuses an override that is no URL', async () => {
    const io = testIo({ environment: { UPDATE_URL_OVERRIDE: 'osus.example.com' } });

    const code = await runCommandLine(['list', 'releases', '--version', '4.18'], io, signal);

    expect({ code, stdout: io.written.stdout }).toEqual({ code: 1, stdout: '' });
    expect(io.written.stderr).toContain('UPDATE_URL_OVERRIDE is not the URL of a web server');
  });
});
