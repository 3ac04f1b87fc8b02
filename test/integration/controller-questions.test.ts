import { describe, expect, it } from 'vitest';
import { makeImage } from '../support/make-image.ts';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { deleteSet, imageSet } from '../support/site.ts';

describe('verify', () => {
  it('tells what is gone or overwritten, and repairs it', async () => {
    await using prod = await startMirroredSite();
    const { site } = prod;
    const refs = await prod.fill('team/app:1', 'team/web:1', 'team/own:1');
    await site.git.commit('main', { 'base.yaml': imageSet(refs) });
    await site.pass();
    expect(await site.run(['verify'])).toMatchObject({
      code: 0,
      stdout: 'prod: 3 images are as locked\n',
    });
    const head = await site.git.git(['rev-parse', 'manifests']);
    await remove(prod, 'team/app:1');
    await prod.put('team/web:1', await makeImage({ seed: 'foreign' }));

    const differs = await site.run(['verify']);
    const repaired = await site.run(['verify', '--repair']);

    expect(differs.code).toBe(2);
    expect(differs.stdout).toMatch(
      /^prod: 2 of 3 images are not as locked\n {2}\S+\/site\/team\/app:1: gone .*\n {2}\S+team\/web:1: overwritten: /,
    );
    expect(repaired.code).toBe(0);
    expect(repaired.stdout).toMatch(/^prod: 2 of 3 images are not as locked, 2 repaired\n/);
    expect((await site.run(['verify'])).code).toBe(0);
    expect(await site.git.git(['rev-parse', 'manifests'])).toBe(head);
  });

  it('names what cannot be repaired and why, and exits 2', async () => {
    await using prod = await startMirroredSite();
    const { site, source } = prod;
    const image = await makeImage({ seed: 'app' });
    await pushImage(source.endpoint, 'team/app', image, '1');
    await site.git.commit('main', { 'base.yaml': imageSet([prod.ref('team/app:1')]) });
    await site.pass();
    await remove(prod, 'team/app:1');
    const blobs = [...image.blobs.keys()];
    for (const blob of blobs) await prod.ask('DELETE', `team/app/blobs/${blob}`);
    for (const blob of blobs)
      await plainRequest(source.endpoint, 'DELETE', `/v2/team/app/blobs/${blob}`);

    const ran = await site.run(['verify', '--repair']);

    expect(ran.code).toBe(2);
    expect(ran.stdout).toMatch(
      /team\/app:1: gone \(sha256:\w+\); not repaired: .*team\/app.*\n {2}hint: \S/,
    );
  });

  it('exits 1 where the lock cannot be read', async () => {
    await using prod = await startMirroredSite();
    const { site } = prod;
    const [app = ''] = await prod.fill('team/app:1');
    await site.git.commit('main', { 'base.yaml': imageSet([app]) });
    await site.pass();
    await site.git.commit('manifests', { 'prod/imageset.lock': 'x' });

    const ran = await site.run(['verify']);

    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^error: .*prod\/imageset\.lock[^]*\nhint: /);
  });
});

describe('why and log', () => {
  it('tell who wants an image, who asked for its delete, and what became of it', async () => {
    await using prod = await startMirroredSite({ deletion: { grace: '1d' } });
    const { site, source } = prod;
    const [app = '', web = '', old = ''] = await prod.fill(
      'team/app:1',
      'team/web:1',
      'team/old:1',
    );
    const first = await site.git.commit('main', {
      'a.yaml': imageSet([app, web, old]),
      'b.yaml': imageSet([app]),
    });
    await site.pass();
    const second = await site.git.commit('main', {
      'a.yaml': imageSet([app]),
      'delete.yaml': deleteSet([old]),
    });
    await pushImage(source.endpoint, 'team/app', await makeImage({ seed: 'newer' }), '1');
    await site.pass(['--resync']);
    site.now = new Date(site.now.getTime() + 25 * 3_600_000);
    const whyOld = await site.run(['why', old]);
    await site.pass();
    const place = `${prod.destination.host}/site/team`;
    const digest = (await prod.has('team/app:1')) ?? '';

    // A destination, a source reference and the beginning of a digest are all names of an image.
    const whys = await Promise.all(
      ['team/app:1', `${place}/app:1`, app, digest.slice(0, 16), 'team/app'].map(async (name) => {
        return (await site.run(['why', name])).stdout;
      }),
    );
    const whyWeb = await site.run(['why', web]);
    const log = async (name: string): Promise<string[]> =>
      (await site.run(['log', name])).stdout
        .split('\n')
        .filter((line) => /^\w/.test(line))
        .map((line) => line.replace(/^\w{12} [\d-]+ [\d:]+ /, ''));

    expect(new Set(whys).size).toBe(1);
    expect(whys[0]).toContain(`${place}/app:1\n`);
    expect(whys[0]).toContain('wanted  by a.yaml:5:7 (mirror.additionalImages[0])\n');
    expect(whys[0]).toContain('wanted  by b.yaml:5:7 (mirror.additionalImages[0])\n');
    expect(whyWeb.stdout).toContain('wanted by nobody');
    expect(whyOld.stdout).toContain(`leaving, since ${second} asked for it (delete.yaml)`);
    const at = (commit: string): string => `, source commit ${commit.slice(0, 12)}`;
    expect(await log('team/app:1')).toEqual([
      `changed ${place}/app:1@${digest}${at(second)}`,
      expect.stringMatching(`^added   ${place}/app:1@sha256:\\w+${at(first)}$`) as string,
    ]);
    expect((await log('team/old:1')).map((line) => line.split(' ')[0])).toEqual([
      'removed',
      'leaving',
      'added',
    ]);
  });

  it.each(['why', 'log'])('%s says where it looked for what is not there', async (command) => {
    await using prod = await startMirroredSite();
    await prod.site.git.commit('main', { 'a.yaml': imageSet([]) });

    const ran = await prod.site.run([command, 'team/none:1']);

    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^error: .*"team\/none:1"\nhint: /);
  });
});

async function remove(prod: MirroredSite, name: string): Promise<void> {
  const digest = (await prod.has(name)) ?? '';
  const [repository = ''] = name.split(':');
  expect((await prod.ask('DELETE', `${repository}/manifests/${digest}`)).status).toBe(202);
}
