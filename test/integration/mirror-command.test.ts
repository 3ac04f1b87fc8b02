import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControllerError } from '../../src/base/controller-error.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { testIo } from '../support/command-io.ts';
import { makeCosignSignature, makeImage, makeIndex } from '../support/make-image.ts';
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { type TestRegistry, startTestRegistry } from '../support/test-registry.ts';

const RESOURCES = 'ws/working-dir/cluster-resources';

let source: TestRegistry;
let mirror: TestRegistry;
let folder: TemporaryFolder;

beforeAll(async () => {
  source = await startTestRegistry();
  const app = await makeImage({ seed: 'app' });
  await pushImage(source.endpoint, 'team/app', app, '1.0');
  const signature = makeCosignSignature(app.top.digest);
  await pushImage(source.endpoint, 'signed/app', app, '1.0');
  await pushImage(source.endpoint, 'signed/app', signature.image, signature.tag);
  const children = [
    await makeImage({ seed: 'amd64' }),
    await makeImage({ seed: 'arm64', platform: { os: 'linux', architecture: 'arm64' } }),
  ];
  await pushImage(source.endpoint, 'team/multi', makeIndex(children), 'v1');
});

afterAll(async () => {
  await source[Symbol.asyncDispose]();
});

/** Gives each test its own destination and folder. */
async function withMirror(test: () => Promise<void>): Promise<void> {
  mirror = await startTestRegistry();
  folder = await temporaryFolder();
  try {
    await test();
  } finally {
    await mirror[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  }
}

async function writeImageSet(content: string): Promise<void> {
  const head = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n';
  await writeFile(join(folder.path, 'isc.yaml'), head + content);
}

function additional(...names: string[]): string {
  return `  additionalImages:\n${names.map((name) => `    - name: ${source.host}/${name}\n`).join('')}`;
}

async function run(flags: readonly string[] = [], signal = new AbortController().signal) {
  const io = testIo({
    cwd: folder.path,
    // Nothing answers there.
    environment: { HOME: folder.path, UPDATE_URL_OVERRIDE: 'http://127.0.0.1:1/graph' },
    now: () => new Date(),
  });
  const args = [
    ...['-c', 'isc.yaml', '--workspace', 'file://ws', `docker://${mirror.host}/site`],
    ...['--src-tls-verify=false', '--dest-tls-verify=false', '--retry-times', '0', ...flags],
  ];
  const code = await runCommandLine(args, io, signal);
  return { code, ...io.written };
}

async function digestAt(registry: TestRegistry, repository: string, tag: string) {
  const accept =
    'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
  const path = `/v2/${repository}/manifests/${tag}`;
  const { headers } = await plainRequest(registry.endpoint, 'HEAD', path, { headers: { accept } });
  return headers['docker-content-digest'];
}

describe('imageset mirror', () => {
  it('mirrors images, writes resources and pinned configurations, and says so on stdout', () =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0', 'team/multi:v1', 'signed/app:1.0'));

      const { code, stdout, stderr } = await run();

      expect(stdout).toContain('3 / 3 additional images mirrored successfully');
      expect(code).toBe(0);
      // Until the log file is there, lines go to stderr.
      expect(stderr).toMatch(/^[^\n]*Hello[^\n]*\n[^\n]*environment version[^\n]*\n$/);
      for (const [repository, tag] of [
        ['team/app', '1.0'],
        ['team/multi', 'v1'],
      ] as const) {
        const digest = await digestAt(source, repository, tag);
        expect(await digestAt(mirror, `site/${repository}`, tag)).toBe(digest);
      }
      expect(await readdir(join(folder.path, RESOURCES))).toEqual(['itms-oc-mirror.yaml']);
      const files = await readdir(join(folder.path, 'ws/working-dir'));
      expect(files.filter((name) => name.includes('pinned_'))).toHaveLength(2);
      const logs = await readdir(join(folder.path, 'ws/working-dir/logs'));
      const log = logs.find((name) => name.startsWith('oc-mirror-')) ?? '';
      expect(await readFile(join(folder.path, 'ws/working-dir/logs', log), 'utf8')).toBe(stdout);
    }));

  it('asks little when nothing is to do, even with an empty workspace', () =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0', 'team/multi:v1'));
      await run();
      const [sourceBefore, mirrorBefore] = [await source.requests(), await mirror.requests()];

      const { code, stdout } = await run(['--workspace', 'file://other']);

      const at = (path: string) => path.replace(/\?.*/, '');
      const asked = (await source.requests()).slice(sourceBefore.length);
      const looked = (await mirror.requests()).slice(mirrorBefore.length);
      expect(code).toBe(0);
      expect(stdout).toContain('Already there:');
      const isPing = ({ path }: { readonly path: string }) => at(path) === '/v2/';
      expect(looked.filter((request) => !isPing(request))).toHaveLength(2);
      for (const repository of ['team/app', 'team/multi']) {
        const own = asked.filter(({ path }) => path.includes(`/${repository}/`));
        // A referrers API that is not there costs one request for the whole host.
        const counted = own.filter(({ path }) => !path.includes('/referrers/'));
        expect(counted.length).toBeLessThanOrEqual(2);
      }
      expect(asked.filter(({ path }) => path.includes('/blobs/'))).toEqual([]);
    }));

  it('brings signatures along, later ones too, and leaves them out when told', () =>
    withMirror(async () => {
      await writeImageSet(additional('signed/app:1.0'));
      const app = await digestAt(source, 'signed/app', '1.0');
      const signatureTag = `${String(app).replace(':', '-')}.sig`;

      await run(['--remove-signatures']);
      const without = await digestAt(mirror, 'site/signed/app', signatureTag);
      await run();

      expect(without).toBeUndefined();
      const signature = await digestAt(source, 'signed/app', signatureTag);
      expect(signature).toMatch(/^sha256:/);
      expect(await digestAt(mirror, 'site/signed/app', signatureTag)).toBe(signature);
    }));

  it('mirrors the rest when an image is not at its source, exit 8', () =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0', 'team/app:9.9', 'no/such:1'));

      const { code, stdout } = await run();

      expect(code).toBe(8);
      expect(stdout).toContain('1 / 3 additional images mirrored: Some additional images failed');
      expect(stdout).toContain('[Executor] [Worker] some errors occurred during the mirroring.');
      expect(await digestAt(mirror, 'site/team/app', '1.0')).toMatch(/^sha256:/);
      expect(await readdir(join(folder.path, RESOURCES))).toEqual(['itms-oc-mirror.yaml']);
      const logs = join(folder.path, 'ws/working-dir/logs');
      const errors = (await readdir(logs)).find((name) => name.startsWith('mirroring_errors_'));
      const lines = (await readFile(join(logs, errors ?? ''), 'utf8')).trimEnd().split('\n');
      expect(lines.map((line) => line.split(' error: ')[0]).sort()).toEqual([
        `error mirroring image ${source.host}/no/such:1`,
        `error mirroring image ${source.host}/team/app:9.9`,
      ]);
    }));

  it.each([
    {
      name: 'a bad target',
      content: '      targetRepo: Upper/Case\n',
      code: 8,
      message: 'isc.yaml:6:7',
    },
    {
      name: 'releases',
      content: '  platform: {channels: [{name: stable-4.18}]}\n',
      code: 2,
      message: 'isc.yaml:6:25: stable-4.18: downloading http://127.0.0.1:1/graph: ',
    },
    {
      name: 'a catalog that cannot be read',
      content: '  operators: [{catalog: "127.0.0.1:1/b:1"}]\n',
      code: 4,
      message: 'isc.yaml:6:15: collect catalog "127.0.0.1:1/b:1": ',
    },
    {
      name: 'charts',
      content: '  helm: {local: [{path: chart}]}\n',
      code: 16,
      message: 'isc.yaml:6:3: mirror.helm: this version does not mirror',
    },
    {
      name: 'nothing to mirror',
      content: '  blockedImages: [{name: .}]\n',
      code: 1,
      message: 'no images to copy',
    },
  ])('copies nothing and keeps the resources for $name, exit $code', ({ content, code, message }) =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0'));
      await run();
      const resources = await readFile(join(folder.path, RESOURCES, 'itms-oc-mirror.yaml'), 'utf8');
      const before = (await mirror.requests()).length;
      await writeImageSet(additional('team/multi:v1') + content);

      const result = await run();

      expect(result.stdout).toContain(message);
      expect(result.code).toBe(code);
      const written = (await mirror.requests())
        .slice(before)
        .filter(({ method }) => method !== 'GET' && method !== 'HEAD');
      expect(written).toEqual([]);
      expect(await readFile(join(folder.path, RESOURCES, 'itms-oc-mirror.yaml'), 'utf8')).toBe(
        resources,
      );
    }),
  );

  it('keeps the resources when no image could be mirrored', () =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0'));
      await run();
      await writeImageSet(additional('no/such:1'));

      const { code } = await run();

      expect(code).toBe(8);
      expect(await readdir(join(folder.path, RESOURCES))).toEqual(['itms-oc-mirror.yaml']);
    }));

  it('fails images that take too long', () =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0'));

      const { code, stdout } = await run(['--image-timeout', '1ns']);

      expect(code).toBe(8);
      expect(stdout).toContain('0 / 1 additional images mirrored');
    }));

  it.each([
    // Plain HTTP is not asked for at that end.
    { flag: '--src-tls-verify=true', code: 8 },
    { flag: '--dest-tls-verify=true', code: 1 },
  ])('takes $flag for its own end, exit $code', ({ flag, code }) =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0'));

      expect((await run([flag])).code).toBe(code);
    }),
  );

  it('refuses a destination that cannot be reached or is none, exit 1', () =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0'));
      const io = testIo({ cwd: folder.path });
      const args = ['-c', 'isc.yaml', '--workspace', 'file://ws', '--retry-times', '0'];
      const { signal } = new AbortController();

      const codes = [
        await runCommandLine([...args, 'docker://127.0.0.1:1/site'], io, signal),
        await runCommandLine([...args, `docker://${mirror.host}/site:v1`], io, signal),
        await runCommandLine([...args, 'docker://site'], io, signal),
      ];

      expect(codes).toEqual([1, 1, 1]);
      expect(io.written.stdout).toContain('checking registry "127.0.0.1:1/site" access: ');
      expect(io.written.stdout).toContain(`checking registry "${mirror.host}/site:v1" access: `);
    }));

  it('says what is left when it is stopped, and leaves the resources alone', () =>
    withMirror(async () => {
      await writeImageSet(additional('team/app:1.0', 'team/multi:v1'));
      const stopping = new AbortController();
      const io = testIo({
        cwd: folder.path,
        stdout: (text) => {
          io.written.stdout += text;
          if (!text.includes('images to copy')) return;
          stopping.abort(
            new ControllerError('ABORTED', 'stopped by SIGINT', { remedy: 'retry-later' }),
          );
        },
      });
      const args = ['-c', 'isc.yaml', '--workspace', 'file://ws', `docker://${mirror.host}/site`];
      const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];

      const code = await runCommandLine([...args, ...insecure], io, stopping.signal);

      expect(code).toBe(1);
      expect(io.written.stdout).toContain('stopped by SIGINT, 2 images are left:');
      expect(io.written.stdout).toContain(`* ${source.host}/team/multi:v1`);
      expect(await readdir(join(folder.path, RESOURCES))).toEqual([]);
    }));
});
