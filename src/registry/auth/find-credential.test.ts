import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endSettings } from '../../../test/support/end-settings.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { silentLog } from '../../base/log.ts';
import type { EndSettings } from '../end-settings.ts';
import type { FoundCredential } from './credential.ts';
import { createFindCredential } from './find-credential.ts';

const { signal } = new AbortController();
const UID = String(process.getuid?.() ?? 0);

async function write(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
}

function auths(user: string): object {
  return { auths: { 'quay.io': { auth: Buffer.from(`${user}:pw`).toString('base64') } } };
}

async function find(
  settings: Partial<EndSettings>,
  {
    host = 'quay.io',
    repository = 'team/app',
    isNamed = true,
    helpers = ['containers-auth.json'],
  } = {},
): Promise<FoundCredential> {
  const findCredential = createFindCredential({
    settings: endSettings(settings),
    helpers,
    log: silentLog,
  });
  return await findCredential({ host, repository, isNamed }, signal);
}

describe('files', () => {
  const PLACES = [
    { place: 'run/user/containers/auth.json', environment: { XDG_RUNTIME_DIR: '@/run/user' } },
    { place: `root/run/containers/${UID}/auth.json`, environment: {} },
    {
      place: 'xdg/containers/auth.json',
      environment: { XDG_CONFIG_HOME: '@/xdg', HOME: '@/home' },
    },
    { place: 'home/.config/containers/auth.json', environment: { HOME: '@/home' } },
    { place: 'docker/config.json', environment: { DOCKER_CONFIG: '@/docker', HOME: '@/home' } },
    { place: 'home/.docker/config.json', environment: { HOME: '@/home', XDG_CONFIG_HOME: '' } },
  ];

  it.each(PLACES)('finds $place with $environment', async ({ place, environment }) => {
    await using folder = await temporaryFolder();
    await write(join(folder.path, place), auths('me'));
    const real = Object.entries(environment).map(([name, value]) => [
      name,
      value.replace('@', folder.path),
    ]);

    const found = await find({
      fileRoot: join(folder.path, 'root'),
      environment: Object.fromEntries(real) as Record<string, string>,
    });

    expect(found.origin).toBe(`${join(folder.path, place)}, key quay.io`);
    expect(found.credential).toEqual({ kind: 'password', username: 'me', password: 'pw' });
  });

  it('takes the first that knows the host', async () => {
    await using folder = await temporaryFolder();
    await write(join(folder.path, 'root/run/containers', UID, 'auth.json'), {
      auths: { 'other.io': {} },
    });
    await write(join(folder.path, 'home/.docker/config.json'), auths('docker'));
    await write(join(folder.path, 'home/.dockercfg'), {
      'quay.io': { auth: 'b2xkOnB3' },
      'old.io': { auth: 'b2xkOnB3' },
    });
    const settings = {
      fileRoot: join(folder.path, 'root'),
      environment: { HOME: join(folder.path, 'home') },
    };

    expect(await find(settings)).toMatchObject({ credential: { username: 'docker' } });
    expect(await find(settings, { host: 'old.io' })).toMatchObject({
      credential: { username: 'old' },
    });
    const none = await find(settings, { host: 'third.io' });
    expect(none).toMatchObject({ credential: { kind: 'anonymous' }, origin: 'anonymous' });
    expect(none.looked).toHaveLength(4);
  });

  it('reads only the file that was named', async () => {
    await using folder = await temporaryFolder();
    await write(join(folder.path, 'home/.docker/config.json'), auths('docker'));
    await write(join(folder.path, 'named.json'), {});
    const environment = { HOME: join(folder.path, 'home') };

    const found = await find(
      { environment, authFile: join(folder.path, 'named.json') },
      { helpers: ['other'] },
    );

    expect(found.origin).toBe('anonymous');
    await expect(
      find({ environment, authFile: join(folder.path, 'missing.json') }),
    ).rejects.toMatchObject({
      code: 'CREDENTIALS_INVALID',
    });
  });

  it('fails for a file that is not JSON', async () => {
    await using folder = await temporaryFolder();
    await write(join(folder.path, 'auth.json'), '{"auths": hunter2');

    await expect(find({ authFile: join(folder.path, 'auth.json') })).rejects.toMatchObject({
      code: 'CREDENTIALS_INVALID',
      message: `the credentials file ${join(folder.path, 'auth.json')} is not JSON`,
    });
  });
});

describe('explicit credentials', () => {
  it.each([
    { credentials: { kind: 'password', username: 'u', password: 'p' }, kind: 'password' },
    { credentials: { kind: 'token', token: 't' }, kind: 'bearer' },
    { credentials: { kind: 'none' }, kind: 'anonymous' },
  ] as const)('come before files: $kind', async ({ credentials, kind }) => {
    await using folder = await temporaryFolder();
    await write(join(folder.path, 'auth.json'), auths('file'));

    const found = await find({ credentials, authFile: join(folder.path, 'auth.json') });

    expect(found.credential.kind).toBe(kind);
  });

  it('are not for a mirror that the user did not name', async () => {
    await using folder = await temporaryFolder();
    await write(join(folder.path, 'auth.json'), auths('file'));
    const credentials = { kind: 'password', username: 'u', password: 'p' } as const;

    const found = await find(
      { credentials, authFile: join(folder.path, 'auth.json') },
      { isNamed: false },
    );

    expect(found.credential).toMatchObject({ username: 'file' });
  });
});

describe('helper programs', () => {
  /** A folder of programs, each a script that shows what it was asked. */
  async function programs(
    scripts: Record<string, string>,
  ): Promise<AsyncDisposable & { path: string; environment: Record<string, string> }> {
    const folder = await temporaryFolder();
    for (const [name, script] of Object.entries(scripts)) {
      const path = join(folder.path, `docker-credential-${name}`);
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
    }
    return Object.assign(folder, {
      environment: { PATH: `${folder.path}:/usr/bin:/bin`, HELPER_VARIABLE: 'passed' },
    });
  }
  const ECHO = `read server || true; printf '{"ServerURL":"%s","Username":"%s %s","Secret":"%s"}' "$server" "$1" "$server" "$HELPER_VARIABLE"`;

  async function findWith(
    file: object,
    scripts: Record<string, string>,
    options: Parameters<typeof find>[1] = {},
  ): Promise<FoundCredential> {
    await using folder = await programs(scripts);
    await write(join(folder.path, 'auth.json'), file);
    return await find(
      { environment: folder.environment, authFile: join(folder.path, 'auth.json') },
      options,
    );
  }

  it('asks the helper of the host, with the environment', async () => {
    const found = await findWith(
      { credHelpers: { 'quay.io': 'echo' }, ...auths('file') },
      { echo: ECHO },
    );

    expect(found.origin).toBe('credential helper echo');
    expect(found.credential).toEqual({
      kind: 'password',
      username: 'get quay.io',
      password: 'passed',
    });
  });

  it('asks the store where no helper is named for the host, before the entries', async () => {
    const found = await findWith({ credsStore: 'echo', ...auths('file') }, { echo: ECHO });

    expect(found.origin).toBe('credential helper echo');
  });

  it("asks for Docker Hub under Docker's name for it", async () => {
    const found = await findWith({ credsStore: 'echo' }, { echo: ECHO }, { host: 'docker.io' });

    expect(found.credential).toMatchObject({ username: 'get https://index.docker.io/v1/' });
  });

  it('takes the user <token> for an identity token', async () => {
    const found = await findWith(
      { credsStore: 'x' },
      { x: `echo '{"Username":"<token>","Secret":"id"}'` },
    );

    expect(found.credential).toEqual({ kind: 'identity-token', token: 'id' });
  });

  it.each([
    ['knows nothing', `echo 'credentials not found in native keychain'; exit 1`],
    ['has an empty answer', `echo '{"Username":"","Secret":""}'`],
  ])('goes on to the entries when a helper %s', async (_, script) => {
    const found = await findWith(
      { credHelpers: { 'quay.io': 'x' }, ...auths('file') },
      { x: script },
    );

    expect(found.credential).toMatchObject({ username: 'file' });
  });

  it.each([
    ['fails', `echo 'keychain is locked'; exit 1`],
    ['does not answer in JSON', 'echo hunter2'],
    ['gives no secret', `echo '{"Username":"hunter2"}'`],
    ['fails after its answer', `echo '{"Secret":"hunter2"}'; exit 1`],
    ['writes without end', 'yes hunter2'],
  ])('fails without showing the answer when a helper %s', async (_, script) => {
    const error: unknown = await findWith({ credHelpers: { 'quay.io': 'x' } }, { x: script }).catch(
      (caught: unknown) => caught,
    );

    expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID' });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('hunter2');
  });

  it.each(['../../bin/sh', 'a/b', '', '-x', 'a;b', '.hidden'])(
    'refuses the name %j',
    async (name) => {
      await expect(findWith({ credHelpers: { 'quay.io': name } }, {})).rejects.toMatchObject({
        code: 'CREDENTIALS_INVALID',
        message: expect.stringContaining('forbidden characters') as string,
      });
    },
  );

  it('fails for a helper of the host that is not installed, but does without a store', async () => {
    await expect(findWith({ credHelpers: { 'quay.io': 'gone' } }, {})).rejects.toMatchObject({
      code: 'CREDENTIALS_INVALID',
    });

    const found = await findWith({ credsStore: 'gone', ...auths('file') }, {});

    expect(found.credential).toMatchObject({ username: 'file' });
  });

  it('asks the helpers of registries.conf in their order', async () => {
    await using folder = await programs({ empty: `echo '{"Secret":""}'`, echo: ECHO });

    const found = await find(
      { environment: folder.environment },
      { helpers: ['empty', 'containers-auth.json', 'echo'] },
    );

    expect(found.origin).toBe('credential helper echo');
    expect(found.looked.at(0)).toBe('credential helper empty');
  });

  it('ends a helper that hangs when the caller gives up', async () => {
    await using folder = await programs({ hang: 'exec sleep 60' });
    const controller = new AbortController();
    const findCredential = createFindCredential({
      settings: endSettings({ environment: folder.environment }),
      helpers: ['hang'],
      log: silentLog,
    });

    const finding = findCredential(
      { host: 'quay.io', repository: 'a', isNamed: true },
      controller.signal,
    );
    controller.abort(new Error('stop'));

    await expect(finding).rejects.toThrow('stop');
  });
});
