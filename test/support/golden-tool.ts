import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { testIo } from './command-io.ts';
import { makeGitRepository } from './git-fixture.ts';

/**
 * Program: takes the arguments of the reference tool's mirror-to-mirror workflow in a folder of a golden case,
 * does the same by `run --once` from a Git repository, and puts the resources where that tool would. Every
 * workspace is a repository of its own. Ends with the exit code of `run`.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    v2: { type: 'boolean' },
    config: { type: 'string', short: 'c', default: '' },
    workspace: { type: 'string', default: '' },
    'max-nested-paths': { type: 'string', default: '0' },
    'remove-signatures': { type: 'boolean', default: false },
    'retry-times': { type: 'string' },
    'retry-delay': { type: 'string' },
    'parallel-images': { type: 'string' },
    from: { type: 'string' },
  },
});
const [destination = ''] = positionals;
// Steps to and from disks are not the controller's; the test leaves them out.
if (destination.startsWith('docker://') && values.from === undefined) await mirror();

async function mirror(): Promise<void> {
  const workspace = resolve(values.workspace.replace('file://', ''));
  const home = process.env.HOME ?? '';
  const scratch = join(home, relative('.', workspace));
  const git = await makeGitRepository(join(scratch, 'repository.git'));
  await git.commit('main', { 'isc.yaml': await readFile(values.config, 'utf8') });
  const settings = join(scratch, 'settings.yaml');
  const {
    UPDATE_URL_OVERRIDE: graphUrl,
    OCP_SIGNATURE_URL: signatureUrl,
    OCP_SIGNATURE_VERIFICATION_PK: keys,
  } = process.env;
  const keysFile = keys === undefined ? undefined : resolve(keys);
  await writeFile(
    settings,
    JSON.stringify({
      // With mirror these count for OpenShift and OKD alike.
      releases: { graphUrl, signatureUrl, keysFile, okd: { signatureUrl, keysFile } },
      apiVersion: 'imageset-controller/v1alpha1',
      kind: 'ControllerSettings',
      source: { url: git.url },
      mirrors: [
        {
          name: 'golden',
          paths: ['.'],
          destination,
          output: '.',
          maxNestedPaths: Number(values['max-nested-paths']),
          removeSignatures: values['remove-signatures'],
          ociRoot: process.cwd(),
        },
      ],
    }),
  );
  const { PATH, SSL_CERT_FILE } = process.env;
  const io = testIo({
    environment: { PATH, SSL_CERT_FILE, HOME: home },
    cwd: process.cwd(),
    now: () => new Date(),
  });
  const line = ['run', '--once', '--settings', settings, '--state', join(scratch, 'state')];
  process.exitCode = await runCommandLine(line, io, AbortSignal.timeout(120_000));
  process.stdout.write(`${io.written.stderr}${io.written.stdout}`);

  const heads = await git.git(['for-each-ref', 'refs/heads/manifests']);
  process.stdout.write(`manifests branch: ${heads === '' ? 'none' : 'there'}\n`);
  if (heads === '') return;
  const files = await git.git(['ls-tree', '-r', '--name-only', 'manifests', 'resources/']);
  for (const path of files.split('\n').filter((name) => name !== '')) {
    const file = join(workspace, 'working-dir/cluster-resources', path.replace('resources/', ''));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await git.git(['show', `manifests:${path}`]));
  }
}
