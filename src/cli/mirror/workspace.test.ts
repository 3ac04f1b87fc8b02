import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { openWorkspace, prepareWorkspace, replaceResources, shownResource } from './workspace.ts';

describe('openWorkspace', () => {
  it.each([
    { given: 'ws', shown: 'ws/working-dir/logs' },
    { given: 'other/working-dir', shown: 'other/working-dir/logs' },
    { given: '/srv/ws/', shown: '/srv/ws/working-dir/logs' },
    { given: '', shown: 'working-dir/logs' },
  ])('puts the logs of "$given" into $shown', ({ given, shown }) => {
    const workspace = openWorkspace(given, '/home/user');

    expect(workspace.shown('logs')).toBe(shown);
    expect(workspace.path('logs')).toBe(shown.startsWith('/') ? shown : `/home/user/${shown}`);
  });
});

describe('cluster resources', () => {
  const files = (names: string[]) => new Map(names.map((name) => [name, `${name}\n`]));

  it('are replaced as a whole', async () => {
    await using folder = await temporaryFolder();
    const workspace = openWorkspace('ws', folder.path);
    await prepareWorkspace(workspace);
    await replaceResources(workspace, files(['idms.yaml', 'itms.yaml']));

    await replaceResources(workspace, files(['itms.yaml', 'cs.yaml']));

    const names = await readdir(workspace.path('cluster-resources'));
    expect(names.sort()).toEqual(['cs.yaml', 'itms.yaml']);
    expect(await readFile(join(folder.path, shownResource(workspace, 'cs.yaml')), 'utf8')).toBe(
      'cs.yaml\n',
    );
    expect((await readdir(workspace.path())).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('survive being killed between the two renames', async () => {
    await using folder = await temporaryFolder();
    const workspace = openWorkspace('ws', folder.path);
    await prepareWorkspace(workspace);
    await replaceResources(workspace, files(['idms.yaml']));
    const former = workspace.path('.cluster-resources-former');
    await rename(workspace.path('cluster-resources'), former);
    await mkdir(workspace.path('.cluster-resources-next'));

    await prepareWorkspace(workspace);

    expect(await readdir(workspace.path('cluster-resources'))).toEqual(['idms.yaml']);
    expect((await readdir(workspace.path())).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('stay when a run only starts', async () => {
    await using folder = await temporaryFolder();
    const workspace = openWorkspace('ws', folder.path);
    await prepareWorkspace(workspace);
    await replaceResources(workspace, files(['idms.yaml']));

    await prepareWorkspace(workspace);

    expect(await readdir(workspace.path('cluster-resources'))).toEqual(['idms.yaml']);
  });

  it('fail with the folder and what to do when it cannot be written', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'ws'), '');
    const workspace = openWorkspace('ws', folder.path);

    await expect(prepareWorkspace(workspace)).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      message: expect.stringContaining('ws/working-dir/signatures cannot be written') as string,
    });
  });
});
