import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import { parseDuration } from './duration.ts';
import { parseSettings } from './parse-settings.ts';
import { isNested, repositoryPathParts } from './repository-path.ts';
import { type MirrorFlags, settingsFromFlags } from './settings-from-flags.ts';

const HEAD = 'apiVersion: imageset-controller/v1alpha1\nkind: ControllerSettings\n';
const SOURCE = 'source: {url: https://git.example.com/sets.git}\n';
const MIRRORS = 'mirrors: [{name: prod, destination: docker://r.example.com:5000/mirror}]\n';

describe('parseSettings', () => {
  it('has a default for everything but a repository and a mirror', () => {
    expect(parseSettings('s.yaml', HEAD + SOURCE + MIRRORS)).toEqual({
      source: { url: 'https://git.example.com/sets.git', branch: 'main' },
      manifests: {
        url: 'https://git.example.com/sets.git',
        branch: 'manifests',
        author: { name: 'imageset-controller', email: 'imageset-controller@localhost' },
      },
      schedule: { poll: '* * * * *', resync: '0 3 * * *', verify: '0 4 * * 0' },
      mirrors: [
        {
          name: 'prod',
          paths: [''],
          destination: { host: 'r.example.com:5000', namespace: 'mirror', maxNestedPaths: 0 },
          output: '',
          deletion: {
            policy: 'explicit',
            maxImages: 50,
            maxShare: 0.2,
            graceMs: 0,
            superseded: false,
            approvedPlan: undefined,
          },
          removeSignatures: false,
          resources: {
            scope: 'namespace',
            omit: [],
            argocd: false,
            catalogSource: { secrets: [] },
          },
        },
      ],
      releases: { unsigned: [], okd: {} },
      transfer: { parallelImages: 8, parallelBlobs: 16 },
    });
  });

  it('reads what it is given', () => {
    const hash = `sha256:${'a'.repeat(64)}`;
    const settings = parseSettings(
      's.yaml',
      `${HEAD}${SOURCE}schedule: {resync: never, verify: '@daily'}
mirrors:
  - name: a
    paths: [./sets/a/, sets/common.yaml]
    destination: localhost:5000
    output: clusters/a/
    deletion: {policy: prune, grace: 1d12h, superseded: true, approvedPlan: '${hash}'}
    maxNestedPaths: 2
    ociRoot: /srv/layouts
    resources: {scope: repository, omit: [ClusterCatalog], registryCAFile: '', appsDomain: apps.example.com}
  - {name: b, destination: docker://r.example.com, output: clusters/ab}
releases: {graphUrl: 'https://graph.example.com/v1', unsigned: ['${hash}']}
`,
    );

    expect(settings.schedule).toMatchObject({ resync: undefined, verify: '@daily' });
    expect(settings.releases).toEqual({
      graphUrl: 'https://graph.example.com/v1',
      unsigned: [hash],
      okd: {},
    });
    expect(settings.mirrors.map(({ output }) => output)).toEqual(['clusters/a', 'clusters/ab']);
    expect(settings.mirrors[0]).toMatchObject({
      paths: ['sets/a', 'sets/common.yaml'],
      destination: { host: 'localhost:5000', namespace: '', maxNestedPaths: 2 },
      deletion: { policy: 'prune', graceMs: 129_600_000, superseded: true, approvedPlan: hash },
      ociRoot: '/srv/layouts',
    });
    expect(settings.mirrors[0]?.resources).not.toHaveProperty('registryCAFile');
  });

  it.each([
    {
      what: 'the credentials of the source',
      manifests: '{}',
      expected: { tokenFile: '/t', caFile: '/ca' },
    },
    {
      what: 'its own alone, where it has any',
      manifests: '{sshKeyFile: /k, url: "ssh://git@h/m.git"}',
      expected: { sshKeyFile: '/k' },
    },
  ])('gives the manifests $what', ({ manifests, expected }) => {
    const source = 'source: {url: https://h/s.git, tokenFile: /t, caFile: /ca}\n';

    const settings = parseSettings('s', `${HEAD}${source}manifests: ${manifests}\n${MIRRORS}`);

    const { url, branch, author, ...credentials } = settings.manifests;
    expect(credentials).toEqual(expected);
  });

  it('reports all that is wrong, with positions', () => {
    const error = failure(() =>
      parseSettings('s.yaml', `${HEAD}sorce: {}\nmirrors:\n  - {name: Prod, destination: r}\n`),
    );

    expect(error.code).toBe('SETTINGS_INVALID');
    expect(
      error.message
        .split('\n')
        .slice(1)
        .map((line) => line.split(': ').slice(0, 2)),
    ).toEqual([
      ['s.yaml:1:1', 'source'],
      ['s.yaml:3:1', 'sorce'],
      ['s.yaml:5:6', 'mirrors[0].name'],
      ['s.yaml:5:18', 'mirrors[0].destination'],
    ]);
  });

  it.each([
    { what: 'nothing', text: '' },
    { what: 'broken YAML', text: 'a: [' },
    { what: 'two documents', text: `${HEAD}${SOURCE}${MIRRORS}---\n${HEAD}${SOURCE}${MIRRORS}` },
    { what: 'a field given twice', text: `${HEAD}${SOURCE}${SOURCE}${MIRRORS}` },
    { what: 'another kind', text: `apiVersion: v1\nkind: ConfigMap\n${SOURCE}${MIRRORS}` },
    { what: 'no mirror', text: `${HEAD}${SOURCE}mirrors: []\n` },
  ])('refuses $what', ({ text }) => {
    expect(failure(() => parseSettings('s.yaml', text)).code).toBe('SETTINGS_INVALID');
  });

  it.each([
    { field: 'source.url', text: `${HEAD}source: {url: "https://u:s3cret@h/s.git"}\n${MIRRORS}` },
    {
      field: 'source.url',
      text: `${HEAD}source: {url: "https://h/s.git?token=s3cret"}\n${MIRRORS}`,
    },
    { field: 'source.url', text: `${HEAD}source: {url: "--upload-pack=x"}\n${MIRRORS}` },
    { field: 'source.branch', text: `${HEAD}source: {url: h:s, branch: refs/heads/x}\n${MIRRORS}` },
    {
      field: 'source.tokenFile',
      text: `${HEAD}source: {url: h:s, tokenFile: a, passwordFile: b}\n${MIRRORS}`,
    },
    { field: 'source.password', text: `${HEAD}source: {url: h:s, password: s3cret}\n${MIRRORS}` },
    { field: 'manifests.branch', text: `${HEAD}${SOURCE}manifests: {branch: main}\n${MIRRORS}` },
    {
      field: 'manifests.branch',
      text: `${HEAD}${SOURCE}manifests: {branch: main, url: "https://me@git.example.com/sets/"}\n${MIRRORS}`,
    },
    {
      field: 'manifests.author.name',
      text: `${HEAD}${SOURCE}manifests: {author: {name: "a\\nb"}}\n${MIRRORS}`,
    },
    { field: 'schedule.poll', text: `${HEAD}${SOURCE}schedule: {poll: "61 * * * *"}\n${MIRRORS}` },
    { field: 'schedule.poll', text: `${HEAD}${SOURCE}schedule: {poll: never}\n${MIRRORS}` },
    { field: 'schedule.verify', text: `${HEAD}${SOURCE}schedule: {verify: weekly}\n${MIRRORS}` },
    {
      field: 'transfer.parallelImages',
      text: `${HEAD}${SOURCE}${MIRRORS}transfer: {parallelImages: 0}\n`,
    },
    {
      field: 'releases.graphUrl',
      text: `${HEAD}${SOURCE}${MIRRORS}releases: {graphUrl: "file:///x"}\n`,
    },
    ...['oci://a', 'r.io/A', 's3cret@r.io/a'].map((base) => ({
      field: 'releases.graphBase',
      text: `${HEAD}${SOURCE}${MIRRORS}releases: {graphBase: "${base}"}\n`,
    })),
    {
      field: 'releases.unsigned[0]',
      text: `${HEAD}${SOURCE}${MIRRORS}releases: {unsigned: [4.18.1]}\n`,
    },
    ...[
      { field: 'name', mirror: 'name: a/b, destination: r.io' },
      { field: 'name', mirror: 'name: .., destination: r.io' },
      { field: 'destination', mirror: 'name: a, destination: "docker://r.io/a:1"' },
      { field: 'destination', mirror: 'name: a, destination: "docker://u:s3cret@r.io/a"' },
      { field: 'output', mirror: 'name: a, destination: r.io, output: ../a' },
      { field: 'output', mirror: 'name: a, destination: r.io, output: /a' },
      { field: 'output', mirror: 'name: a, destination: r.io, output: a/.git/b' },
      { field: 'paths[0]', mirror: 'name: a, destination: r.io, paths: [a//b]' },
      { field: 'paths', mirror: 'name: a, destination: r.io, paths: []' },
      { field: 'deletion.grace', mirror: 'name: a, destination: r.io, deletion: {grace: 1w}' },
      { field: 'deletion.maxShare', mirror: 'name: a, destination: r.io, deletion: {maxShare: 2}' },
      {
        field: 'deletion.approvedPlan',
        mirror: 'name: a, destination: r.io, deletion: {approvedPlan: abc}',
      },
      {
        field: 'resources.omit[0]',
        mirror: 'name: a, destination: r.io, resources: {omit: [Pod]}',
      },
      {
        // Signatures are read back from it.
        field: 'resources.omit[0]',
        mirror: 'name: a, destination: r.io, resources: {omit: [ConfigMap]}',
      },
      ...[
        'https://apps.a.io',
        '"*.apps.a.io"',
        'Apps.a.io',
        'a..io',
        '.a',
        `a.${'a.'.repeat(94)}io`,
      ].map((domain) => ({
        field: 'resources.appsDomain',
        mirror: `name: a, destination: r.io, resources: {appsDomain: ${domain}}`,
      })),
      ...['s3cret=', 'A', '""', 'a..b', '-a', 'a'.repeat(254)].map((name) => ({
        field: 'resources.catalogSource.secrets[1]',
        mirror: `name: a, destination: r.io, resources: {catalogSource: {secrets: [pull.secret-1, ${name}]}}`,
      })),
    ].map(({ field, mirror }) => ({
      field: `mirrors[0].${field}`,
      text: `${HEAD}${SOURCE}mirrors: [{${mirror}}]\n`,
    })),
    ...[
      { field: 'name', one: 'name: a, output: x', two: 'name: a, output: y' },
      { field: 'output', one: 'name: a, output: x', two: 'name: b, output: ./x/' },
      { field: 'output', one: 'name: a, output: x', two: 'name: b, output: x/y' },
      { field: 'output', one: 'name: a, output: x/y', two: 'name: b, output: x' },
      { field: 'output', one: 'name: a', two: 'name: b, output: x' },
    ].map(({ field, one, two }) => ({
      field: `mirrors[1].${field}`,
      text: `${HEAD}${SOURCE}mirrors: [{destination: r.io, ${one}}, {destination: r.io, ${two}}]\n`,
    })),
  ])('refuses a wrong $field, without repeating secrets', ({ field, text }) => {
    const { code, message, hint } = failure(() => parseSettings('s.yaml', text));

    expect(code).toBe('SETTINGS_INVALID');
    expect(
      message
        .split('\n')
        .slice(1)
        .map((line) => line.split(': ')[1]),
    ).toEqual([field]);
    expect(message + (hint ?? '')).not.toContain('s3cret');
  });

  it('takes one branch name in two repositories', () => {
    const manifests = 'manifests: {url: https://git.example.com/other.git, branch: main}\n';

    expect(parseSettings('s', HEAD + SOURCE + manifests + MIRRORS).manifests.branch).toBe('main');
  });
});

describe('settingsFromFlags', () => {
  const flags: MirrorFlags = { source: 'https://h/s.git', destination: 'docker://r.io/m' };

  it('describes one mirror with the defaults of the file', () => {
    expect(settingsFromFlags({ ...flags, path: 'sets', output: 'clusters/a' })).toMatchObject({
      source: { url: 'https://h/s.git', branch: 'main' },
      manifests: { url: 'https://h/s.git', branch: 'manifests' },
      mirrors: [{ name: 'default', paths: ['sets'], output: 'clusters/a' }],
    });
    expect(settingsFromFlags(flags).mirrors).toMatchObject([{ paths: [''], output: '' }]);
  });

  it.each([
    { flag: '--destination', wrong: { destination: 'm' } },
    { flag: '--source', wrong: { source: 'https://u:s3cret@h' } },
    { flag: '--branch', wrong: { branch: 'a b' } },
    { flag: '--manifests-branch', wrong: { manifestsBranch: 'main' } },
    { flag: '--path', wrong: { path: '/etc' } },
    { flag: '--output', wrong: { output: '..' } },
  ])('names $flag where it is wrong', ({ flag, wrong }) => {
    const { code, message } = failure(() => settingsFromFlags({ ...flags, ...wrong }));

    expect(code).toBe('USAGE');
    expect(message.split(': ')[0]).toBe(flag);
    expect(message).not.toContain('s3cret');
  });
});

describe('parseDuration', () => {
  it.each([
    { text: '0s', ms: 0 },
    { text: '90m', ms: 5_400_000 },
    { text: '24h', ms: 86_400_000 },
    { text: '7d', ms: 604_800_000 },
    { text: '1h30m', ms: 5_400_000 },
    { text: '250ms', ms: 250 },
  ])('reads $text', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', '-1s', '1w', '1.5h', ' 1s', '99999d'])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('repositoryPathParts', () => {
  it('never leaves the repository', () => {
    const part = fc.constantFrom('a', '.', '..', '.git', '.GIT', '', 'b\\c', 'd\n');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        for (const one of repositoryPathParts(parts.join('/')) ?? []) {
          expect(one).toMatch(/^[ab]$/);
        }
      }),
    );
  });

  it.each([
    { left: 'a', right: 'a/b', nested: true },
    { left: '.', right: 'a', nested: true },
    { left: 'a', right: 'ab', nested: false },
    { left: 'a/b', right: 'a/c', nested: false },
  ])('says $nested for $left and $right', ({ left, right, nested }) => {
    const [one, two] = [repositoryPathParts(left) ?? [], repositoryPathParts(right) ?? []];

    expect(isNested(one, two)).toBe(nested);
    expect(isNested(two, one)).toBe(nested);
  });
});

function failure(work: () => unknown): ControllerError {
  try {
    work();
  } catch (error) {
    if (error instanceof ControllerError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
