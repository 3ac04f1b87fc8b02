import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type ControllerProcess, startController } from '../support/controller-process.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { writeHook } from '../support/git-hook.ts';
import { makeImage } from '../support/make-image.ts';
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';
import { type Site, deleteSet, imageSet, makeSite } from '../support/site.ts';

const IMAGES = ['team/app:1', 'team/app:2', 'team/web:1', 'team/db:1', 'team/db:2'];

/** What each mirror's files say, one commit after the other; some of it goes while others begin to want it. */
const STEPS: readonly Readonly<Record<string, { want: string[]; drop?: string[] }>>[] = [
  { a: { want: ['team/app:1', 'team/web:1'] }, b: { want: ['team/db:1'] } },
  { a: { want: ['team/web:1', 'team/db:2'], drop: ['team/app:1'] }, b: { want: ['team/app:1'] } },
  { a: { want: ['team/app:2'], drop: ['team/web:1', 'team/app:1'] }, b: { want: ['team/web:1'] } },
  { a: { want: ['team/app:1', 'team/db:1'] }, b: { want: ['team/db:2'], drop: ['team/web:1'] } },
];

it.skipIf(!hasProgram('docker-registry'))(
  'two processes with the same settings, and a person at the branch, end as one would: nothing lost, nothing forced (needs docker-registry)',
  { timeout: 240_000 },
  async () => {
    await using source = await startDockerRegistry();
    await using destination = await startDockerRegistry();
    for (const name of IMAGES) {
      const [repository = '', tag = ''] = name.split(':');
      await pushImage(source.endpoint, repository, await makeImage({ seed: name }), tag);
    }
    const mirrors = ['a', 'b'].map((name) => ({
      ...{ name, paths: [name], output: name, deletion: { maxShare: 1 } },
      destination: `docker://${destination.host}/site`,
    }));
    await using site = await makeSite({ mirrors });
    const moves = join(site.folder, 'moves');
    // The repository takes everything, forced or not, and writes down what was pushed.
    await writeHook(site.git, 'post-receive', `cat >> '${moves}'`);
    await writeHook(site.git, 'pre-receive', personIsFaster(moves));
    await site.git.commit('main', filesOf(STEPS[0], source.host));
    await runBoth(site);

    for (const step of STEPS) {
      await site.git.commit('main', filesOf(step, source.host));
      const passes = [start(site, 'one'), start(site, 'two')];
      for (const pass of passes) await endedWell(pass);
    }
    for (const name of ['one', 'two', 'one', 'two']) await endedWell(start(site, name));

    const last = await endedWell(start(site, 'one'));
    expect(last).toMatch(/^a: Unchanged .*\nb: Unchanged .*\n$/);
    for (const [name, { want }] of Object.entries(STEPS.at(-1) ?? {})) {
      const { images } = await site.lock(name);
      const wanted = images.filter(({ wantedBy }) => wantedBy.length > 0);
      expect(wanted.map((line) => line.destination).sort()).toEqual([...want].sort());
      for (const line of images) {
        const [repository = '', tag = ''] = line.destination.split(':');
        const path = `/v2/site/${repository}/manifests/${tag}`;
        const { headers } = await plainRequest(destination.endpoint, 'HEAD', path);
        expect(headers['docker-content-digest'], line.destination).toBe(line.digest);
      }
    }
    await expectOneLine(site, moves);
  },
);

function filesOf(
  step: (typeof STEPS)[number] | undefined,
  host: string,
): Record<string, string | undefined> {
  const named = (names: readonly string[]): string[] => names.map((name) => `${host}/${name}`);
  return Object.fromEntries(
    Object.entries(step ?? {}).flatMap(([mirror, { want, drop }]) => [
      [`${mirror}/set.yaml`, imageSet(named(want))],
      [`${mirror}/delete.yaml`, drop === undefined ? undefined : deleteSet(named(drop))],
    ]),
  );
}

function start(site: Site, name: string): ControllerProcess {
  return startController(
    [
      ...['run', '--once', '--settings', site.settingsFile, '--state', join(site.folder, name)],
      ...['--src-tls-verify=false', '--dest-tls-verify=false', '--log-format=json'],
    ],
    { PATH: process.env.PATH ?? '', HOME: site.folder, GIT_CONFIG_NOSYSTEM: '1' },
  );
}

async function runBoth(site: Site): Promise<void> {
  await Promise.all(['one', 'two'].map((name) => endedWell(start(site, name))));
}

/** @returns what it printed of its pass. */
async function endedWell(pass: ControllerProcess): Promise<string> {
  await using ending = pass;
  const { code, stdout, stderr } = await ending.ended;
  expect(code, `${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** Of three pushes of the controllers one finds that a person has pushed to the manifests branch just before. */
function personIsFaster(moves: string): string {
  return `
# What a push brings is kept apart until it is taken, and nothing else may be written from there.
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x
echo >> '${moves}-count'
count=$(wc -l < '${moves}-count')
[ $((count % 3)) = 2 ] || exit 0
head=$(git rev-parse refs/heads/manifests) || exit 0
commit=$(git commit-tree "$head^{tree}" -p "$head" -m "A note by hand, number $count")
git update-ref refs/heads/manifests "$commit" "$head" && echo "$head $commit" >> '${moves}'
exit 0`;
}

/** The manifests branch has every commit that anybody pushed to it: none was forced, and none lost. */
async function expectOneLine({ git }: Site, moves: string): Promise<void> {
  const lines = (await readFile(moves, 'utf8')).trim().split('\n');
  const pushed = lines.map((line) => line.split(' ')[1]);
  const history = (await git.git(['rev-list', 'manifests'])).split('\n');
  expect(history.sort()).toEqual(pushed.sort());
  expect(await git.git(['rev-list', '--merges', 'manifests'])).toBe('');
  expect(await git.git(['log', '--format=%s', 'manifests'])).toContain('A note by hand');
}
