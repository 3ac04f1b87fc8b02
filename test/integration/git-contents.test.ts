import { describe, expect, it } from 'vitest';
import type { FixtureFile, GitFixture } from '../support/git-fixture.ts';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { imageSet } from '../support/site.ts';

const MIB = 1024 * 1024;

describe('what else the folder of image sets may hold', () => {
  it('is thousands of image sets, and a hundred thousand files beside the locks', async () => {
    await using prod = await startMirroredSite();
    const { site } = prod;
    const references = await prod.fill('team/app:1.0', 'team/web:1.0');
    const sets = Array.from({ length: 10_000 }, (_, index) => {
      const reference = references[index % references.length] ?? '';
      return [`sets/${index % 7}/${index}.yaml`, `# ${index}\n${imageSet([reference])}`] as const;
    });
    const others = Array.from({ length: 100_000 }, (_, index) => {
      return [`apps/${index % 300}/${index}.yaml`, `kind: ${index % 1000}\n`] as const;
    });
    await importFiles(site.git, 'main', sets);
    await importFiles(site.git, 'manifests', others);

    const pass = await site.pass();

    expect(pass).toMatchObject({ code: 0, first: { state: 'Applied' } });
    const { images, configurations } = await site.lock('prod');
    expect(images.map(({ wantedBy }) => wantedBy.length)).toEqual([5000, 5000]);
    expect(configurations).toHaveLength(10_000);
    const left = await site.git.git(['ls-tree', '-r', '--name-only', 'manifests', 'apps']);
    expect(left.split('\n')).toHaveLength(100_000);

    await site.git.commit('main', { 'sets/0/0.yaml': 'a: [\n' });
    expect(await site.pass()).toMatchObject({ code: 4, first: { problems: [{}] } });
  }, 300_000);

  it('is a file of 100 MB, which is fetched and not read', async () => {
    await using prod = await startMirroredSite();
    const { site } = prod;
    const [app = ''] = await prod.fill('team/app:1.0');
    const large = '# a line of a file that is much too long for an image set\n'.repeat(1_700_000);
    await site.git.commit('main', { 'app.yaml': imageSet([app]), 'photo.tiff': large });

    expect((await site.pass()).first.state).toBe('Applied');

    await site.git.commit('main', { 'photo.tiff': undefined, 'export.yaml': large });
    const head = await site.git.git(['rev-parse', 'manifests']);
    const ran = await site.run(['run', '--once']);
    expect(ran.code).toBe(4);
    expect(ran.stdout).toContain(
      '  export.yaml:1:1: the file is larger than 1.0 MiB (Split it into several files; move it out of the folder if it is no image set.)\n',
    );
    expect(await site.git.git(['rev-parse', 'manifests'])).toBe(head);
  }, 120_000);

  it('may not be more in all than is read of a mirror, which is said once', async () => {
    await using prod = await startMirroredSite();
    const sets = Array.from({ length: 66 }, (_, index) => {
      return [`${100 + index}.yaml`, `${imageSet([])}#${'x'.repeat(MIB - 200)}\n`] as const;
    });
    await importFiles(prod.site.git, 'main', sets);

    const ran = await prod.site.run(['run', '--once']);

    expect(ran.code).toBe(4);
    expect(ran.stdout.split('\n').slice(1)).toEqual([
      '  164.yaml:1:1: with this file the configuration of the mirror has more than 64.0 MiB (Divide it among several mirrors, or shorten `paths`.)',
      '',
    ]);
  }, 60_000);
});

describe('links in the folder of image sets', () => {
  const LINK = { kind: 'symlink', target: '../elsewhere/app.yaml' } as const;
  const SUBMODULE = { kind: 'submodule', commit: 'a'.repeat(40) } as const;

  it('are named and not followed, and the rest is mirrored', async () => {
    await using prod = await startMirroredSite();
    const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
    await commitSets(prod, {
      'sets/app.yaml': imageSet([app]),
      'elsewhere/app.yaml': imageSet([web]),
      'sets/linked.yaml': LINK,
      'sets/host.yaml': { kind: 'symlink', target: '/etc/passwd' },
      'sets/team': { kind: 'symlink', target: '../elsewhere' },
      'sets/README.md': { kind: 'symlink', target: '../README.md' },
      'sets/vendor': SUBMODULE,
    });

    const pass = await prod.site.pass();

    expect(pass).toMatchObject({ code: 0, first: { state: 'Applied' } });
    const places = (await prod.site.lock('prod')).images.map(({ destination }) => destination);
    expect(places).toEqual(['team/app:1.0']);
    const link = 'this is a symlink, which is not followed (Put the file itself here.)';
    expect(pass.first.warnings).toEqual([
      `sets/host.yaml:1:1: ${link}`,
      `sets/linked.yaml:1:1: ${link}`,
      `sets/team:1:1: ${link}`,
      'sets/vendor:1:1: this is a submodule, which is not read (Put the files themselves here.)',
    ]);
  });

  it.each([
    { file: LINK, says: 'sets:1:1: this is a symlink, which is not followed' },
    { file: SUBMODULE, says: 'sets:1:1: this is a submodule, which is not read' },
  ])('stall the mirror where `paths` names a $file.kind', async ({ file, says }) => {
    await using prod = await startMirroredSite();
    await commitSets(prod, { sets: file, 'elsewhere/app.yaml': imageSet([]) });

    const ran = await prod.site.run(['run', '--once']);

    expect(ran.code).toBe(4);
    expect(ran.stdout.split('\n').slice(1)).toEqual([expect.stringContaining(says), '']);
    expect(await prod.site.git.git(['for-each-ref', 'refs/heads/manifests'])).toBe('');
  });
});

async function commitSets(
  { site, mirror }: MirroredSite,
  files: Readonly<Record<string, FixtureFile>>,
): Promise<void> {
  await site.configure({ mirrors: [{ ...mirror, paths: ['sets'] }] });
  await site.git.commit('main', files);
}

/** Makes the files the whole of a branch, in one call of git. Source: git-fast-import(1). */
async function importFiles(
  git: GitFixture,
  branch: string,
  files: readonly (readonly [path: string, text: string])[],
): Promise<void> {
  const header = `commit refs/heads/${branch}\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\nx\n`;
  const changes = files.map(
    ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
  );
  await git.git(['fast-import', '--quiet'], `${header}${changes.join('')}\n`);
}
