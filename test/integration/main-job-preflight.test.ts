import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunningDockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { makeImage } from '../support/make-image.ts';
import {
  type CommandResult,
  type MirrorSite,
  imageSet,
  makeMirrorSite,
} from '../support/mirror-site.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';
import { startTokenServer } from '../support/token-server.ts';

const needed = ['docker-registry', 'git'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const IMAGES = ['a', 'b', 'c'];

describe.skipIf(needed.length > 0)(`what a pass says before the first byte moves${skipped}`, () => {
  const stack = new AsyncDisposableStack();
  let site: MirrorSite;
  let from: RunningDockerRegistry;

  beforeAll(async () => {
    site = stack.use(await makeMirrorSite());
    from = stack.use(await startDockerRegistry({ users: { reader: 'read' } }));
    for (const name of IMAGES)
      await pushImage(from.endpoint, `team/${name}`, await makeImage({ seed: name }), '1');
    const names = IMAGES.map((name) => `${from.host}/team/${name}:1`);
    await site.git.commit('main', { 'images.yaml': imageSet(names) });
  });
  afterAll(() => stack.disposeAsync());

  /** A registry whose tokens for `writer` grant this. */
  async function startTokenRegistry(granted: readonly string[]): Promise<RunningDockerRegistry> {
    const users = { writer: { password: 'write', mayDo: () => granted } };
    const tokenServer = stack.use(await startTokenServer({ users }));
    return stack.use(await startDockerRegistry({ tokenServer }));
  }

  async function pass(to: RunningDockerRegistry, account: string): Promise<CommandResult> {
    await site.logIn({ [from.host]: 'reader:read', [to.host]: account });
    await site.removeState();
    return site.run(
      ...['run', '--once', '--source', site.git.url, '--destination', `docker://${to.host}/site`],
      // Lines of the manifests branch at another destination would be updates; each pass has a branch of its own.
      ...['--manifests-branch', `manifests-${to.host.replace(':', '-')}`],
      ...['--src-tls-verify=false', '--dest-tls-verify=false'],
    );
  }

  const Said = z.object({
    msg: z.enum(['source can be read', 'destination can be pushed to']),
    host: z.string(),
    credential: z.string(),
    mayDelete: z.string().optional(),
  });

  function saidIn({ stderr }: CommandResult): z.infer<typeof Said>[] {
    return stderr
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => {
        const said = Said.safeParse(JSON.parse(line));
        return said.success ? [said.data] : [];
      });
  }

  const origin = (host: string): string =>
    `${join(site.home, '.config/containers/auth.json')}, key ${host}`;

  it.each([
    { granted: ['pull', 'push', 'delete'], mayDelete: 'yes' },
    { granted: ['pull', 'push'], mayDelete: 'no' },
  ])(
    'names the credentials, and that deleting is granted: $mayDelete, where a token grants $granted',
    async ({ granted, mayDelete }) => {
      const to = await startTokenRegistry(granted);

      const result = await pass(to, 'writer:write');

      expect(result.code).toBe(0);
      expect(saidIn(result)).toEqual([
        { msg: 'source can be read', host: from.host, credential: origin(from.host) },
        {
          msg: 'destination can be pushed to',
          ...{ host: to.host, credential: origin(to.host), mayDelete },
        },
      ]);
    },
  );

  it('says that it is not known whether deleting is granted, where a password is asked for', async () => {
    const to = stack.use(await startDockerRegistry({ users: { writer: 'write' } }));

    const result = await pass(to, 'writer:write');

    expect(result.code).toBe(0);
    expect(saidIn(result).at(-1)).toMatchObject({
      ...{ host: to.host, credential: origin(to.host), mayDelete: 'unknown' },
    });
  });

  it('asks nothing of the sort where nothing is to be mirrored', async () => {
    const to = stack.use(await startDockerRegistry({ users: { writer: 'write' } }));
    await pass(to, 'writer:write');

    const result = await pass(to, 'writer:write');

    expect(result.code).toBe(0);
    expect(saidIn(result)).toEqual([]);
  });

  it.each([
    {
      name: 'a token that does not grant it',
      account: 'writer:write',
      granted: ['pull'],
      hint: 'The token does not grant what is needed here (repository:site/team/a:',
    },
    {
      name: 'a wrong password',
      account: 'writer:wrong',
      granted: ['pull', 'push'],
      hint: 'The credentials used are from ',
    },
  ])(
    'ends Degraded with one message and nothing written where a push is refused: $name',
    async ({ account, granted, hint }) => {
      const to = await startTokenRegistry(granted);

      const { code, stdout, stderr } = await pass(to, account);

      expect(code).toBe(3);
      expect(stdout).toMatch(/^default: Degraded /);
      expect(stdout.split('\n').filter((line) => line.includes(to.host))).toEqual([
        expect.stringMatching(/^ {2}3 images: /),
        expect.stringContaining(`    hint: ${hint}`),
      ]);
      for (const name of IMAGES) expect(stdout).toContain(`team/${name}:1\n`);
      const written = (await to.requests()).filter(
        ({ method, status }) => method !== 'GET' && method !== 'HEAD' && status < 400,
      );
      expect(written).toEqual([]);
      expect(await site.commits(`manifests-${to.host.replace(':', '-')}`)).toEqual([]);
      expect(stdout + stderr).not.toMatch(/writer:|"write"|wrong/);
    },
  );
});
