import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { loadRegistriesConf } from './load-registries-conf.ts';

const USER = 'home/.config/containers/registries.conf';
const SYSTEM = 'etc/containers/registries.conf';

/** Writes files below a root, loads, and returns `prefix -> location` of every table. */
async function load(
  files: Readonly<Record<string, string>>,
  named?: string,
): Promise<{ tables: string[]; helpers: readonly string[] | undefined }> {
  await using root = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root.path, name)), { recursive: true });
    await writeFile(join(root.path, name), text);
  }
  const environment = {
    HOME: join(root.path, 'home'),
    ...(named === undefined ? {} : { CONTAINERS_REGISTRIES_CONF: named && join(root.path, named) }),
  };
  const conf = await loadRegistriesConf({ environment, fileRoot: root.path });
  return {
    tables: conf.tables.map(({ prefix, location }) => `${prefix} -> ${location}`),
    helpers: conf.credentialHelpers,
  };
}

function table(prefix: string, location: string): string {
  return `[[registry]]\nprefix = "${prefix}"\nlocation = "${location}"\n`;
}

it('has no tables where there is no file', async () => {
  expect(await load({})).toEqual({ tables: [], helpers: undefined });
});

it("prefers the user's file to the system's, and then reads only the user's drop-ins", async () => {
  const { tables } = await load({
    [USER]: table('a.example', 'user.local'),
    [SYSTEM]: table('a.example', 'system.local'),
    [`${SYSTEM}.d/10.conf`]: table('b.example', 'system-drop-in.local'),
    [`${USER}.d/10.conf`]: table('c.example', 'user-drop-in.local'),
  });
  expect(tables).toEqual(['a.example -> user.local', 'c.example -> user-drop-in.local']);
});

it('lets later drop-ins replace whole tables, in byte order, the system before the user', async () => {
  const { tables, helpers } = await load({
    [SYSTEM]: `credential-helpers = ["one"]\n${table('a.example', 'main.local')}insecure = true\n`,
    [`${SYSTEM}.d/2.conf`]: table('a.example', 'second.local'),
    [`${SYSTEM}.d/10.conf`]: `credential-helpers = ["two"]\n${table('a.example', 'first.local')}`,
    [`${SYSTEM}.d/note.txt`]: 'not TOML [',
    [`${USER}.d/0.conf`]: table('b.example', 'user.local'),
  });
  expect(tables).toEqual(['a.example -> second.local', 'b.example -> user.local']);
  expect(helpers).toEqual(['two']);
});

it('takes the file that CONTAINERS_REGISTRIES_CONF names, with drop-ins of system and user', async () => {
  const { tables } = await load(
    {
      'named.conf': table('a.example', 'named.local'),
      [USER]: table('a.example', 'user.local'),
      [`${SYSTEM}.d/1.conf`]: table('b.example', 'system.local'),
      [`${USER}.d/1.conf`]: table('c.example', 'user.local'),
    },
    'named.conf',
  );
  expect(tables).toEqual([
    'a.example -> named.local',
    'b.example -> system.local',
    'c.example -> user.local',
  ]);
});

it('fails on a named file that is missing, and treats an empty variable as not given', async () => {
  await expect(load({}, 'missing.conf')).rejects.toMatchObject({
    code: 'REGISTRIES_CONF_INVALID',
    message: expect.stringMatching(/^open .*missing\.conf: no such file or directory$/) as string,
  });
  expect((await load({ [USER]: table('a.example', 'user.local') }, '')).tables).toHaveLength(1);
});
