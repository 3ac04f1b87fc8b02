import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { deleteSet, imageSet } from '../support/site.ts';

interface JsonPlan {
  readonly plans: readonly {
    readonly hash: string;
    readonly adds: readonly { readonly destination: string }[];
    readonly deletes: readonly { readonly line: { readonly destination: string } }[];
  }[];
}

describe('plan', () => {
  let prod: MirroredSite;
  let [app, web, old, fresh]: string[] = [];

  beforeAll(async () => {
    prod = await startMirroredSite();
    [app = '', web = '', old = '', fresh = ''] = await prod.fill(
      ...['team/app:1', 'team/web:1', 'team/old:1', 'team/new:1'],
    );
    const { git } = prod.site;
    await git.commit('main', { 'base.yaml': imageSet([app, web, old]) });
    expect((await prod.site.pass()).code).toBe(0);
    const main = await git.git(['rev-parse', 'main']);
    await git.commit(
      'feature',
      { 'base.yaml': imageSet([app, web, fresh]), 'delete.yaml': deleteSet([old, web]) },
      { parent: main },
    );
  });
  afterAll(() => prod[Symbol.asyncDispose]());

  it('says that there is nothing to do, without a request, and exits 0', async () => {
    const before = await prod.requestCount();

    const ran = await prod.site.run(['plan', '--detailed-exitcode']);

    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('3 unchanged');
    expect(ran.stdout).toContain('Nothing to do.');
    expect(await prod.requestCount()).toBe(before);
  });

  it('shows what a branch would add, delete and hold, and changes nothing', async () => {
    const { git } = prod.site;
    const commit = await git.git(['rev-parse', 'feature']);
    const refs = await git.git(['for-each-ref']);
    const before = (await prod.destination.requests()).length;

    const ran = await prod.site.run(['plan', 'feature', '--detailed-exitcode']);

    expect(ran.code).toBe(2);
    expect(ran.stdout).toContain(`source feature at commit ${commit}\n`);
    expect(ran.stdout).toContain(
      'images: 1 to add, 0 to update, 1 to delete, 1 held, 0 orphans, 2 unchanged; ',
    );
    expect(ran.stdout).toMatch(/^ {2}\+ team\/new:1 .*wanted by base\.yaml:7:7 /m);
    expect(ran.stdout).toMatch(/^ {2}- team\/old:1 .*asked for by delete\.yaml:5:7 /m);
    expect(ran.stdout).toMatch(/^ {2}! team\/web:1: still wanted by base\.yaml:6:7; /m);
    expect(await git.git(['for-each-ref'])).toBe(refs);
    const requests = (await prod.destination.requests()).slice(before);
    expect(requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
  });

  it.each(['commit', 'abbreviated commit', 'full ref'])(
    'takes what is named by a ref: %s',
    async (kind) => {
      const commit = await prod.site.git.git(['rev-parse', 'feature']);
      const ref =
        { commit, 'abbreviated commit': commit.slice(0, 12) }[kind] ?? 'refs/heads/feature';

      const ran = await prod.site.run(['plan', ref, '--output', 'json']);

      expect(ran).toMatchObject({ code: 0, stderr: '' });
      const { plans } = JSON.parse(ran.stdout) as JsonPlan;
      expect(plans[0]?.adds.map(({ destination }) => destination)).toEqual(['team/new:1']);
      expect(plans[0]?.deletes.map(({ line }) => line.destination)).toEqual(['team/old:1']);
    },
  );

  it('says the same as Markdown, for a comment', async () => {
    const ran = await prod.site.run(['plan', 'feature', '--output', 'markdown']);

    expect(ran.stdout).toMatch(/^### Plan for mirror `prod` at /);
    expect(ran.stdout).toContain('- `-` `team/old:1`');
  });

  it('plans a folder on disk, and takes what is not there for a mistake', async () => {
    await mkdir(join(prod.site.folder, 'copy'));
    await writeFile(join(prod.site.folder, 'copy/a.yaml'), imageSet([app ?? '', fresh ?? '']));

    const ran = await prod.site.run(['plan', '--working-copy', 'copy']);
    const missing = await prod.site.run(['plan', '--working-copy', 'nothing']);

    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('source working copy copy\n');
    expect(ran.stdout).toContain('1 to add, 0 to update, 0 to delete, 0 held, 2 orphans');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^error: .*nothing.*\nhint: /);
  });

  it('names what is wrong with files, a reference or an entry, and exits 1', async () => {
    const { git } = prod.site;
    await git.commit(
      'broken',
      { 'base.yaml': 'kind: ImageSetConfiguration\n' },
      { parent: 'main' },
    );
    const absent = imageSet([prod.ref('team/absent:1')]);
    await git.commit('absent', { 'more.yaml': absent }, { parent: 'main' });

    const broken = await prod.site.run(['plan', 'broken']);
    const nowhere = await prod.site.run(['plan', 'nowhere']);
    const failing = await prod.site.run(['plan', 'absent']);

    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/^base\.yaml:1:1: /);
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toMatch(/^error: .* has no "nowhere"\nhint: /);
    expect(failing.code).toBe(1);
    expect(failing.stdout).toMatch(/entries that fail[^]*team\/absent:1[^]*more\.yaml:5:7/);
  });

  it('has the hash that the commit of the pass has', async () => {
    const { git } = prod.site;
    const planned = await prod.site.run(['plan', 'feature', '--output', 'json']);
    const { plans } = JSON.parse(planned.stdout) as JsonPlan;
    await git.git(['update-ref', 'refs/heads/main', 'refs/heads/feature']);

    expect((await prod.site.pass()).code).toBe(0);

    const messages = (await prod.site.commits()).slice(0, 2).map(({ message }) => message);
    for (const message of messages) expect(message).toContain(`Imageset-Plan: ${plans[0]?.hash}`);
  });
});
