import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatLock } from '../../src/lock/lock.ts';
import { parseDestination } from '../../src/oci/destination.ts';
import { renderOutput } from '../../src/reconcile/render-output.ts';
import { settingsFromFlags } from '../../src/settings/settings-from-flags.ts';
import { makeLargeLock } from '../support/large-lock.ts';
import { type CommandResult, type MirrorSite, makeMirrorSite } from '../support/mirror-site.ts';
import { hasProgram } from '../support/run-program.ts';

const IMAGES = 57_000;
const hasGit = hasProgram('git');

/** How long it takes is measured by bench/large-lock.ts. */
describe.skipIf(!hasGit)(
  `a lock of ${IMAGES} images${hasGit ? '' : ' (skipped: git not installed)'}`,
  () => {
    const stack = new AsyncDisposableStack();
    let site: MirrorSite;
    let flags: string[];

    beforeAll(async () => {
      site = stack.use(await makeMirrorSite());
      // Nothing answers there: a pass that asks anything fails.
      const destination = 'mirror.invalid:1/site';
      flags = ['--source', site.git.url, '--destination', `docker://${destination}`];
      const { files } = makeLargeLock(IMAGES, destination, '');
      const commit = await site.git.commit('main', files);
      const { lock } = makeLargeLock(IMAGES, destination, commit);
      const [mirror] = settingsFromFlags({
        source: site.git.url,
        destination: `docker://${destination}`,
      }).mirrors;
      if (mirror === undefined) throw new Error('the settings have a mirror');
      expect(mirror.destination).toEqual(parseDestination(`docker://${destination}`));
      const parts = { templates: new Map(), signatures: new Map() };
      const output = renderOutput(lock, mirror, parts);
      await site.git.commit('manifests', Object.fromEntries(output.files));
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    const pass = (): Promise<CommandResult> => site.run('run', '--once', ...flags);

    it('is left as it is when nothing changed, and nobody is asked', async () => {
      const { code, stdout } = await pass();

      expect(stdout).toMatch(
        new RegExp(`^default: Unchanged at \\w+: 0 added, 0 gone, ${IMAGES} in total`),
      );
      expect(code).toBe(0);
      expect(await site.commits()).toHaveLength(1);
    }, 120_000);

    it('changes in one line when one image is not wanted any more', async () => {
      const before = await site.lock();
      const path = 'sets/003.yaml';
      const text = await site.git.git(['show', `main:${path}`]);
      const without = text.split('\n').filter((line) => !line.includes('/component-24007:'));
      await site.git.commit('main', { [path]: `${without.join('\n')}\n` });

      const { code, stdout } = await pass();

      expect(stdout).toMatch(/^default: Applied at /);
      expect(code).toBe(0);
      const after = await site.lock();
      const changed = after.images.filter(
        (line, index) => JSON.stringify(line) !== JSON.stringify(before.images[index]),
      );
      expect(changed.map(({ source, wantedBy }) => ({ source, wantedBy }))).toEqual([
        { source: expect.stringContaining('/component-24007:') as string, wantedBy: [] },
      ]);
      expect(await site.published('imageset.lock')).toBe(formatLock(after));
    }, 120_000);
  },
);
