import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startController } from '../support/controller-process.ts';
import { startMirroredSite } from '../support/mirrored-site.ts';
import { imageSet } from '../support/site.ts';

it('runs as a process, makes a pass at SIGHUP, and ends with 0 at SIGTERM', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const schedule = { poll: '0 0 1 1 *', resync: 'never', verify: 'never' };
  await site.configure({ mirrors: [prod.mirror], schedule });
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  const [settings, state] = [site.settingsFile, join(site.folder, 'state')];
  await using controller = startController(
    [
      ...['run', '--settings', settings, '--state', state],
      ...['--src-tls-verify=false', '--dest-tls-verify=false', '--log-format=json'],
    ],
    { PATH: process.env.PATH ?? '', HOME: site.folder, GIT_CONFIG_NOSYSTEM: '1' },
  );
  const waitForCommits = (count: number): Promise<void> =>
    vi.waitFor(
      async () => {
        const commits = await site.git.git(['rev-list', '--count', '--all', '--', 'prod']);
        expect(Number(commits)).toBe(count);
      },
      { timeout: 30_000, interval: 100 },
    );
  await waitForCommits(1);

  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  controller.signal('SIGHUP');
  await waitForCommits(2);
  controller.signal('SIGTERM');

  const ended = await controller.ended;
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(await prod.has('team/web:1.0')).toBeDefined();
  expect(ended.stdout).toMatch(/^prod: Applied at .*\nprod: Applied at .*\n$/);
});
