import { describe, expect, it } from 'vitest';
import { parseDestination } from '../../src/oci/destination.ts';
import { renderOutput } from '../../src/reconcile/render-output.ts';
import { settingsFromFlags } from '../../src/settings/settings-from-flags.ts';
import { makeLargeLock } from '../support/large-lock.ts';
import { type CommandResult, type MirrorSite, makeMirrorSite } from '../support/mirror-site.ts';
import { hasProgram } from '../support/run-program.ts';

const hasGit = hasProgram('git');
/** Nothing answers there: a pass that asks anything fails. */
const DESTINATION = 'mirror.invalid:1/site';
const KNOWN = 'nothing changed since a pass that had nothing to do';

interface QuietSite extends AsyncDisposable {
  readonly site: MirrorSite;
  run(...flags: string[]): Promise<CommandResult & { readonly isKnown: boolean }>;
}

/** A mirror that is as its lock says. */
async function makeQuietSite(): Promise<QuietSite> {
  const site = await makeMirrorSite();
  const flags = ['--source', site.git.url, '--destination', `docker://${DESTINATION}`];
  const commit = await site.git.commit('main', makeLargeLock(3, DESTINATION, '').files);
  const { lock } = makeLargeLock(3, DESTINATION, commit);
  const destination = parseDestination(`docker://${DESTINATION}`);
  const [mirror] = settingsFromFlags({ source: site.git.url, destination: DESTINATION }).mirrors;
  if (mirror === undefined) throw new Error('the settings have a mirror');
  const parts = { templates: new Map(), signatures: new Map() };
  const { files } = renderOutput(lock, { ...mirror, destination }, parts);
  await site.git.commit('manifests', Object.fromEntries(files));
  return {
    site,
    async run(...more) {
      const result = await site.run('run', '--once', '--log-level', 'debug', ...flags, ...more);
      return { ...result, isKnown: result.stderr.includes(KNOWN) };
    },
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

describe.skipIf(!hasGit)(
  `passes with nothing to do${hasGit ? '' : ' (skipped: git not installed)'}`,
  () => {
    it('are known again by a later process, which reads nothing and says the same', async () => {
      await using quiet = await makeQuietSite();

      const first = await quiet.run();
      const second = await quiet.run();

      expect(first).toMatchObject({ code: 0, isKnown: false });
      expect(second).toMatchObject({ code: 0, isKnown: true, stdout: first.stdout });
      expect(first.stdout).toMatch(/^default: Unchanged at .* 3 in total/);
    });

    it('are made anew when a person changed what is published, until that is mended', async () => {
      await using quiet = await makeQuietSite();
      await quiet.run();
      const before = await quiet.site.published('kustomization.yaml');
      await quiet.site.git.commit('manifests', { 'kustomization.yaml': 'edited\n' });

      expect((await quiet.run()).stdout).toMatch(/^default: Applied at /);
      expect(await quiet.site.published('kustomization.yaml')).toBe(before);
      expect((await quiet.run()).isKnown).toBe(false);
      expect((await quiet.run()).isKnown).toBe(true);
    });

    it('are made anew when the source branch moved', async () => {
      await using quiet = await makeQuietSite();
      await quiet.run();
      await quiet.site.git.commit('main', { 'README.md': 'about\n' });

      const { stdout, isKnown } = await quiet.run();

      expect(isKnown).toBe(false);
      expect(stdout).toMatch(/^default: Unchanged at /);
    });

    it('are made anew with other settings, at a resync, and where the state is lost', async () => {
      await using quiet = await makeQuietSite();
      await quiet.run();

      // There is no lock in that folder, so all of it is looked for, and nobody answers.
      expect(await quiet.run('--output-folder', 'other')).toMatchObject({
        isKnown: false,
        code: 3,
      });
      // Every tag is asked for, and nobody answers.
      expect(await quiet.run('--resync')).toMatchObject({ isKnown: false, code: 3 });
      await quiet.site.removeState();
      expect((await quiet.run()).isKnown).toBe(false);
    });
  },
);
