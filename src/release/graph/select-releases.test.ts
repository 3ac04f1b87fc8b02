import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import type { ChannelRequest, ReleaseSelection } from './release-selection.ts';
import { selectReleases } from './select-releases.ts';
import type { UpdateGraph } from './update-graph.ts';

type Update = readonly [from: string, to: string];
interface Written {
  readonly versions: string;
  readonly updates?: readonly Update[];
  readonly conditional?: readonly Update[];
}

/** A graph as the tables of the spec write it. */
function graph({ versions, updates = [], conditional = [] }: Written): UpdateGraph {
  const names = versions.split(' ').filter((name) => name !== '');
  return {
    nodes: names.map((version) => ({ version, payload: `q.io/r@${version}`, channels: [] })),
    edges: updates.map(([from, to]) => [names.indexOf(from), names.indexOf(to)]),
    conditionalEdges: conditional.map(([from, to]) => ({ from, to, risks: ['SomeRisk'] })),
  };
}

/** Updates written as paths: `a > b > c`. */
function paths(...texts: readonly string[]): Update[] {
  return texts.flatMap((text) => {
    const steps = text.split(' > ');
    return steps.slice(1).map((to, at): Update => [steps[at] ?? '', to]);
  });
}

/** The worked examples (spec, releases-helm, 1.6 and 1.7). */
const SPEC: Readonly<Record<string, Written>> = {
  'stable-4.1': {
    versions: '4.0.9 4.1.0 4.1.1 4.1.2 4.1.3',
    updates: paths('4.0.9 > 4.1.0 > 4.1.1 > 4.1.2 > 4.1.3', '4.1.0 > 4.1.3', '4.1.1 > 4.1.3'),
  },
  'stable-4.2': {
    versions: '4.1.2 4.1.3 4.2.0 4.2.1 4.2.4',
    updates: paths('4.1.2 > 4.1.3 > 4.2.1 > 4.2.4', '4.1.2 > 4.2.0 > 4.2.1', '4.2.0 > 4.2.4'),
  },
  'stable-4.3': { versions: '4.2.4 4.3.0 4.3.1', updates: paths('4.2.4 > 4.3.0 > 4.3.1') },
};

function request(name: string, over: Partial<ChannelRequest> = {}): ChannelRequest {
  return {
    name,
    type: 'ocp',
    full: false,
    shortestPath: false,
    allowNotRecommended: false,
    ...over,
  };
}

async function select(
  requests: readonly ChannelRequest[],
  graphs: Readonly<Record<string, Written>> = SPEC,
): Promise<ReleaseSelection> {
  return await selectReleases(requests, ({ name }) => {
    return Promise.resolve(graph(graphs[name] ?? { versions: '' }));
  });
}

function versionsOf({ releases }: ReleaseSelection): string {
  return releases.map(({ version }) => version).join(' ');
}

describe('one channel', () => {
  it.each([
    { over: {}, chosen: '4.1.3' },
    { over: { full: true }, chosen: '4.0.9 4.1.0 4.1.1 4.1.2 4.1.3' },
    { over: { minVersion: '4.1.1' }, chosen: '4.1.1 4.1.2 4.1.3' },
    { over: { minVersion: '4.1.1', full: true }, chosen: '4.1.1 4.1.2 4.1.3' },
    { over: { maxVersion: '4.1.0' }, chosen: '4.0.9 4.1.0' },
    { over: { minVersion: '4.1.0', maxVersion: '4.1.2' }, chosen: '4.1.0 4.1.1 4.1.2' },
    { over: { minVersion: '4.0.10', maxVersion: '4.1.1-rc.1' }, chosen: '4.1.0' },
    { over: { minVersion: '4.1.2', maxVersion: '4.1.2' }, chosen: '4.1.2' },
    { over: { shortestPath: true }, chosen: '4.1.3' },
    {
      over: { minVersion: '4.0.9', maxVersion: '4.1.3', shortestPath: true },
      chosen: '4.0.9 4.1.0 4.1.3',
    },
    {
      over: { minVersion: '4.1.0', maxVersion: '4.1.3', shortestPath: true },
      chosen: '4.1.0 4.1.3',
    },
    { over: { minVersion: '4.1.2', maxVersion: '4.1.2', shortestPath: true }, chosen: '4.1.2' },
    { over: { maxVersion: '4.1.0', shortestPath: true }, chosen: '4.0.9 4.1.0' },
    { over: { minVersion: '4.1.1', shortestPath: true }, chosen: '4.1.1 4.1.3' },
    { over: { full: true, shortestPath: true }, chosen: '4.0.9 4.1.0 4.1.3' },
  ])('chooses $chosen for $over', async ({ over, chosen }) => {
    const selection = await select([request('stable-4.1', over)]);

    expect(versionsOf(selection)).toBe(chosen);
    expect(selection).toMatchObject({ failures: [], warnings: [] });
  });

  it.each([
    { name: 'stable-4.99', over: {}, message: /^stable-4.99 has no releases$/ },
    {
      name: 'stable-4.99',
      over: { minVersion: '4.99.0', maxVersion: '4.99.1' },
      message: /^stable-4.99 has no releases$/,
    },
    {
      name: 'stable-4.1',
      over: { minVersion: '4.1.4', maxVersion: '4.1.8' },
      message:
        /^stable-4.1: no release is from 4.1.4 to 4.1.8; stable-4.1 has 4.0.9, 4.1.0, 4.1.1, 4.1.2, 4.1.3$/,
    },
    {
      name: 'stable-4.1',
      over: { minVersion: '4.1.2', maxVersion: '4.1.0' },
      message: /no release is from 4.1.2 to 4.1.0, which is lower/,
    },
    {
      name: 'stable-4.1',
      over: { minVersion: '4.1.2', maxVersion: '4.1.0', shortestPath: true },
      message: /no recommended updates lead from 4.1.2 to 4.1.0; from 4.1.2 they lead to 4.1.3$/,
    },
    {
      name: 'stable-4.1',
      over: { minVersion: '4.1.9', maxVersion: '4.1.3', shortestPath: true },
      message: /^stable-4.1 does not have 4.1.9, .*; stable-4.1 has 4.0.9, 4.1.0/,
    },
    {
      name: 'stable-4.1',
      over: { minVersion: '4.1.0', maxVersion: '4.1.9', shortestPath: true },
      message: /^stable-4.1 does not have 4.1.9, /,
    },
    { name: 'stable-4.1', over: { minVersion: '4.1' }, message: /minVersion "4.1" is no version/ },
    {
      name: 'stable-4.1',
      over: { maxVersion: 'v4.1.0' },
      message: /maxVersion "v4.1.0" is no version/,
    },
  ])('fails for $name with $over', async ({ name, over, message }) => {
    const { releases, failures } = await select([request(name, over)]);

    expect(releases).toEqual([]);
    expect(failures).toMatchObject([{ channels: [name], error: { code: 'RELEASE_SELECTION' } }]);
    expect(failures[0]?.error.message).toMatch(message);
    expect(failures[0]?.error.hint).toMatch(/./);
  });

  it('lists the ends of a large channel, and what lies nearest', async () => {
    const versions = Array.from({ length: 24 }, (_, z) => `4.18.${2 * z}`).join(' ');
    const over = { minVersion: '4.18.21', maxVersion: '4.18.21' };

    const { failures } = await select([request('c', over)], { c: { versions } });

    expect(failures[0]?.error.message).toContain(
      'c has 4.18.0 … 4.18.46 (24 releases), nearest to 4.18.21: 4.18.22, 4.18.20, 4.18.24, 4.18.18, 4.18.26, 4.18.16, 4.18.28, 4.18.14, 4.18.30, 4.18.12',
    );
  });

  it('goes the higher way of two that are as short', async () => {
    const one = {
      versions: '1.0.0 1.1.0 1.2.0 1.3.0 1.4.0 2.0.0',
      updates: paths('1.0.0 > 1.1.0 > 1.4.0 > 2.0.0', '1.0.0 > 1.2.0 > 1.3.0 > 2.0.0'),
    };
    const over = { minVersion: '1.0.0', maxVersion: '2.0.0', shortestPath: true };

    const selection = await select([request('c', over)], { c: one });

    // At the first step, 1.2.0 is higher than 1.1.0; what comes after does not count.
    expect(versionsOf(selection)).toBe('1.0.0 1.2.0 1.3.0 2.0.0');
  });

  it('does not lose its way in a circle', async () => {
    const round = {
      versions: '1.0.0 1.1.0 1.2.0 2.0.0',
      updates: paths('1.0.0 > 1.1.0 > 1.0.0', '1.1.0 > 1.1.0'),
    };
    const over = { minVersion: '1.0.0', maxVersion: '2.0.0', shortestPath: true };

    const { failures } = await select([request('c', over)], { c: round });

    expect(failures[0]?.error.message).toMatch(/from 1.0.0 they lead to 1.1.0$/);
  });
});

describe('conditional updates', () => {
  const RISKY: Written = {
    versions: '4.17.1 4.18.1 4.18.2 4.18.4',
    updates: paths('4.18.1 > 4.18.2 > 4.18.4'),
    conditional: [
      ['4.17.1', '4.18.1'],
      ['4.18.1', '4.18.4'],
    ],
  };
  const over = { maxVersion: '4.18.4', shortestPath: true };

  it('do not count by themselves; a path that needs them says how to let them', async () => {
    const stays = await select([request('c', { ...over, minVersion: '4.18.1' })], { c: RISKY });
    const fails = await select([request('c', { ...over, minVersion: '4.17.1' })], { c: RISKY });

    expect(versionsOf(stays)).toBe('4.18.1 4.18.2 4.18.4');
    expect(stays.warnings).toEqual([]);
    expect(fails.failures[0]?.error.message).toMatch(/from 4.17.1 they lead to nothing$/);
    expect(fails.failures[0]?.error.hint).toMatch(/write allowNotRecommended: true/);
  });

  it('count where the channel allows them, and are named', async () => {
    const asked = request('c', { ...over, minVersion: '4.17.1', allowNotRecommended: true });

    const selection = await select([asked], { c: RISKY });

    expect(versionsOf(selection)).toBe('4.17.1 4.18.1 4.18.4');
    expect(selection.warnings.map(({ message }) => message)).toEqual([
      'c: the update from 4.17.1 to 4.18.1 is recommended only to clusters without the risks SomeRisk',
      'c: the update from 4.18.1 to 4.18.4 is recommended only to clusters without the risks SomeRisk',
    ]);
  });

  it.each([
    {
      updates: paths('1.0.0 > 1.1.0 > 2.0.0'),
      conditional: paths('1.0.0 > 1.2.0 > 2.0.0', '1.0.0 > 1.1.0'),
    },
    {
      updates: paths('1.2.0 > 2.0.0', '1.0.0 > 1.1.0 > 2.0.0'),
      conditional: paths('1.0.0 > 1.2.0'),
    },
  ])('are not taken where recommended ones are as short: $conditional', async (written) => {
    const one: Written = { versions: '1.0.0 1.1.0 1.2.0 2.0.0', ...written };
    const asked = { minVersion: '1.0.0', maxVersion: '2.0.0', shortestPath: true };

    const selection = await select([request('c', { ...asked, allowNotRecommended: true })], {
      c: one,
    });

    expect(versionsOf(selection)).toBe('1.0.0 1.1.0 2.0.0');
    expect(selection.warnings).toEqual([]);
  });
});

describe('several channels', () => {
  it.each([
    {
      name: 'two heads',
      requests: [request('stable-4.1'), request('stable-4.2')],
      chosen: '4.1.3 4.2.1 4.2.4',
    },
    {
      name: 'a range and a version',
      requests: [
        request('stable-4.1', { minVersion: '4.1.0' }),
        request('stable-4.2', { minVersion: '4.2.4', maxVersion: '4.2.4' }),
      ],
      chosen: '4.1.0 4.1.1 4.1.2 4.1.3 4.2.1 4.2.4',
    },
    {
      name: 'a channel between that nobody listed',
      requests: [
        request('stable-4.1', { minVersion: '4.1.0', maxVersion: '4.1.0' }),
        request('stable-4.3', { minVersion: '4.3.1', maxVersion: '4.3.1' }),
      ],
      chosen: '4.1.0 4.1.3 4.2.1 4.2.4 4.3.0 4.3.1',
    },
  ])('are joined by the way across: $name', async ({ requests, chosen }) => {
    const selection = await select(requests);
    const turned = await select(requests.toReversed());

    expect(versionsOf(selection)).toBe(chosen);
    expect(selection).toMatchObject({ failures: [], warnings: [] });
    expect(turned).toEqual(selection);
  });

  it('names the channels that chose a release; of the way it is the two ends', async () => {
    const { releases } = await select([
      request('stable-4.1', { minVersion: '4.1.3' }),
      request('stable-4.2'),
      request('stable-4.3'),
    ]);

    expect(releases.map(({ version, channels }) => [version, channels.join(' ')])).toEqual([
      ['4.1.3', 'stable-4.1 stable-4.3'],
      ['4.2.1', 'stable-4.1 stable-4.3'],
      ['4.2.4', 'stable-4.1 stable-4.2 stable-4.3'],
      ['4.3.0', 'stable-4.1 stable-4.3'],
      ['4.3.1', 'stable-4.1 stable-4.3'],
    ]);
  });

  it('stop where the next channel does not know the head, with a warning', async () => {
    const graphs = { ...SPEC, 'stable-4.3': { versions: '4.3.0 4.3.1' } };
    const requests = [
      request('stable-4.2', { minVersion: '4.2.0', maxVersion: '4.2.0' }),
      request('stable-4.3'),
    ];

    const selection = await select(requests, graphs);

    expect(selection.releases.map(({ version, channels }) => [version, ...channels])).toEqual([
      ['4.2.0', 'stable-4.2'],
      ['4.2.4', 'stable-4.2'],
      ['4.3.1', 'stable-4.3'],
    ]);
    expect(selection.failures).toEqual([]);
    expect(selection.warnings).toMatchObject([
      {
        channels: ['stable-4.2', 'stable-4.3'],
        message:
          'no upgrade path from 4.2.0 (stable-4.2) to 4.3.1 (stable-4.3): stable-4.3 does not know 4.2.4',
      },
    ]);
  });

  it('of one minor version meet in the channel of the higher release', async () => {
    const fast = { versions: '4.2.0 4.2.1 4.2.4 4.2.5', updates: paths('4.2.0 > 4.2.4 > 4.2.5') };
    const requests = [
      request('stable-4.2', { minVersion: '4.2.0', maxVersion: '4.2.0' }),
      request('fast-4.2'),
    ];

    const found = await select(requests, { ...SPEC, 'fast-4.2': fast });
    const lost = await select(requests, { ...SPEC, 'fast-4.2': { versions: '4.2.5' } });

    expect(versionsOf(found)).toBe('4.2.0 4.2.4 4.2.5');
    expect(versionsOf(lost)).toBe('4.2.0 4.2.5');
    expect(lost.warnings).toMatchObject([{ message: /fast-4.2 does not know 4.2.0$/ }]);
  });

  it('of an EUS pair meet in the second one, where the minor between has no channel', async () => {
    const graphs = {
      'eus-4.16': { versions: '4.16.1 4.16.3', updates: paths('4.16.1 > 4.16.3') },
      'eus-4.18': {
        versions: '4.16.3 4.17.3 4.18.4',
        updates: paths('4.16.3 > 4.17.3 > 4.18.4'),
      },
      'eus-4.20': { versions: '4.18.4 4.19.2 4.20.0', updates: paths('4.18.4 > 4.19.2 > 4.20.0') },
    };

    const pair = await select([request('eus-4.16'), request('eus-4.18')], graphs);
    const two = await select([request('eus-4.16'), request('eus-4.20')], graphs);
    const straight = await select([request('eus-4.16'), request('eus-4.20')], {
      ...graphs,
      'eus-4.20': { versions: '4.16.3 4.20.0', updates: paths('4.16.3 > 4.20.0') },
    });
    const lost = await select([request('eus-4.16'), request('eus-4.18')], {
      ...graphs,
      'eus-4.18': { versions: '4.17.3 4.18.4' },
    });

    expect(versionsOf(pair)).toBe('4.16.3 4.17.3 4.18.4');
    expect(versionsOf(two)).toBe('4.16.3 4.17.3 4.18.4 4.19.2 4.20.0');
    expect(versionsOf(straight)).toBe('4.16.3 4.20.0');
    expect(lost.warnings).toMatchObject([{ message: /: eus-4.18 does not know 4.16.3$/ }]);
  });

  it('go on in the next major version after the last minor', async () => {
    const graphs = {
      'stable-4.21': { versions: '4.21.5' },
      'stable-4.22': { versions: '4.21.5 4.22.9', updates: paths('4.21.5 > 4.22.9') },
      'stable-5.0': { versions: '4.22.9 5.0.1', updates: paths('4.22.9 > 5.0.1') },
      'stable-5.1': { versions: '5.0.1 5.1.0', updates: paths('5.0.1 > 5.1.0') },
    };

    const one = await select([request('stable-4.21'), request('stable-5.0')], graphs);
    const two = await select([request('stable-4.22'), request('stable-5.1')], graphs);

    expect(versionsOf(one)).toBe('4.21.5 4.22.9 5.0.1');
    expect(versionsOf(two)).toBe('4.22.9 5.0.1 5.1.0');
    expect([...one.warnings, ...two.warnings]).toEqual([]);
  });

  it('look for a start of a later channel in the target, and warn where it is not there', async () => {
    const graphs = {
      'stable-4.14': { versions: '4.13.0 4.14.1', updates: paths('4.13.0 > 4.14.1') },
      'fast-4.13': { versions: '4.13.0 4.13.4 4.14.2', updates: paths('4.13.0 > 4.13.4 > 4.14.2') },
    };
    const requests = [
      request('stable-4.14', { minVersion: '4.13.0', maxVersion: '4.13.0' }),
      request('fast-4.13'),
    ];

    const found = await select(requests, graphs);
    const lost = await select(requests, { ...graphs, 'fast-4.13': { versions: '4.14.2' } });

    expect(versionsOf(found)).toBe('4.13.0 4.13.4 4.14.2');
    expect(versionsOf(lost)).toBe('4.13.0 4.14.2');
    expect(lost.warnings).toHaveLength(1);
  });

  it('that chose the same ends are joined inside the last one by name', async () => {
    const straight = { versions: '4.2.0 4.2.4', updates: paths('4.2.0 > 4.2.4') };
    const over = { minVersion: '4.2.0', maxVersion: '4.2.4', shortestPath: true };
    const graphs = {
      'stable-4.2': straight,
      'fast-4.2': { versions: '4.2.0 4.2.1 4.2.4', updates: paths('4.2.0 > 4.2.1 > 4.2.4') },
    };
    const ends = [
      request('fast-4.2', { minVersion: '4.2.0', maxVersion: '4.2.0' }),
      request('stable-4.2', over),
    ];

    const selection = await select(ends, graphs);

    expect(versionsOf(selection)).toBe('4.2.0 4.2.4');
  });

  it('that chose the same ends are joined inside one that is both ends, if there is one', async () => {
    const graphs = {
      'a-4.2': { versions: '4.2.0 4.2.4', updates: paths('4.2.0 > 4.2.4') },
      'b-4.2': { versions: '4.2.0' },
      'c-4.2': { versions: '4.2.0 4.2.1 4.2.4', updates: paths('4.2.0 > 4.2.1 > 4.2.4') },
    };

    const selection = await select(
      [request('a-4.2', { full: true }), request('b-4.2'), request('c-4.2')],
      graphs,
    );

    expect(versionsOf(selection)).toBe('4.2.0 4.2.4');
  });

  it('with names that say no version are joined where the target knows the start', async () => {
    const graphs = {
      ours: { versions: '4.2.0' },
      theirs: { versions: '4.2.0 4.2.1 4.2.2', updates: paths('4.2.0 > 4.2.1 > 4.2.2') },
    };

    const selection = await select([request('ours'), request('theirs')], graphs);

    expect(versionsOf(selection)).toBe('4.2.0 4.2.1 4.2.2');
  });

  it('never join channels of OKD, nor those with channels of OpenShift', async () => {
    const okd = request('stable-scos', { type: 'okd', minVersion: '4.2.0', maxVersion: '4.2.0' });
    const next = request('next-scos', { type: 'okd' });
    const graphs = {
      ...SPEC,
      'stable-scos': { versions: '4.2.0 4.3.0' },
      'next-scos': { versions: '4.2.0 4.2.9 4.3.0', updates: paths('4.2.0 > 4.2.9 > 4.3.0') },
    };

    const selection = await select([okd, next, request('stable-4.3')], graphs);

    expect(selection.releases.map(({ type, version }) => `${type} ${version}`)).toEqual([
      'ocp 4.3.1',
      'okd 4.2.0',
      'okd 4.3.0',
    ]);
    expect(selection.warnings).toEqual([]);
  });

  it('let conditional updates count where each allows them; one that nobody listed where both ends do', async () => {
    const graphs = {
      'stable-4.1': { versions: '4.1.0' },
      'stable-4.2': { versions: '4.1.0 4.2.0', conditional: paths('4.1.0 > 4.2.0') },
      'stable-4.3': { versions: '4.2.0 4.3.0', updates: paths('4.2.0 > 4.3.0') },
    };
    const between = (first: boolean, last: boolean): Promise<ReleaseSelection> =>
      select(
        [
          request('stable-4.1', { allowNotRecommended: first }),
          request('stable-4.3', { allowNotRecommended: last }),
        ],
        graphs,
      );

    const both = await between(true, true);
    const one = await between(true, false);

    expect(versionsOf(both)).toBe('4.1.0 4.2.0 4.3.0');
    expect(both.warnings).toMatchObject([
      {
        channels: ['stable-4.1', 'stable-4.3'],
        message: /^stable-4.2: the update from 4.1.0 to 4.2.0/,
      },
    ]);
    expect(versionsOf(one)).toBe('4.1.0 4.3.0');
    expect(one.warnings).toMatchObject([
      { message: /stable-4.2 has no recommended updates from 4.1.0 to 4.2.0$/ },
    ]);
  });

  it('fail alone', async () => {
    const selection = await select([
      request('stable-4.99'),
      request('stable-4.1'),
      request('stable-4.2'),
    ]);

    expect(versionsOf(selection)).toBe('4.1.3 4.2.1 4.2.4');
    expect(selection.failures).toMatchObject([{ channels: ['stable-4.99'] }]);
  });

  it('fail together where the graph of a channel between cannot be read', async () => {
    const down = new ControllerError('DOWNLOAD_FAILED', 'down', { remedy: 'retry-later' });

    const selection = await selectReleases(
      [request('stable-4.1'), request('stable-4.3')],
      ({ name }) =>
        name === 'stable-4.2'
          ? Promise.reject(down)
          : Promise.resolve(graph(SPEC[name] ?? { versions: '' })),
    );

    expect(versionsOf(selection)).toBe('4.1.3 4.3.1');
    expect(selection.failures).toEqual([{ channels: ['stable-4.1', 'stable-4.3'], error: down }]);
  });

  it('end at once when they are to', async () => {
    const aborted = new ControllerError('ABORTED', 'enough', { remedy: 'retry-later' });

    const selecting = selectReleases([request('stable-4.1')], () => Promise.reject(aborted));

    await expect(selecting).rejects.toBe(aborted);
  });
});

it('asks for each channel once', async () => {
  const asked: string[] = [];

  await selectReleases(
    [request('stable-4.1'), request('stable-4.2'), request('stable-4.3')],
    ({ name, type }) => {
      asked.push(`${type} ${name}`);
      return Promise.resolve(graph(SPEC[name] ?? { versions: '' }));
    },
  );

  expect(asked).toEqual(['ocp stable-4.1', 'ocp stable-4.2', 'ocp stable-4.3']);
});

it.each([
  { name: 'eus-4.18', minVersion: '4.16.2', maxVersion: '4.18.4', warns: true },
  { name: 'eus-4.18', minVersion: '4.17.2', maxVersion: '4.18.4', warns: false },
  { name: 'eus-4.18', minVersion: '4.18.4', maxVersion: '4.16.2', warns: false },
  { name: 'stable-4.18', minVersion: '4.16.2', maxVersion: '4.18.4', warns: false },
])(
  '$name from $minVersion to $maxVersion: points to the update path? $warns',
  async ({ name, warns, ...over }) => {
    const { warnings } = await select([request(name, over)], {
      [name]: { versions: '4.16.2 4.17.2 4.18.4' },
    });

    expect(warnings.map(({ channels }) => channels)).toEqual(warns ? [[name]] : []);
  },
);

it('keeps a payload once, under its lowest version', async () => {
  const twin = graph({ versions: '4.1.0 4.1.1' });
  const payload = 'q.io/r@one';
  const nodes = twin.nodes.map((node) => ({ ...node, payload }));
  const okd = { type: 'okd', minVersion: '4.1.0' } as const;

  const { releases } = await selectReleases(
    [request('a', { ...okd, minVersion: '4.1.1' }), request('b', { ...okd, maxVersion: '4.1.0' })],
    () => Promise.resolve({ ...twin, nodes }),
  );

  expect(releases).toEqual([{ version: '4.1.0', payload, type: 'okd', channels: ['a', 'b'] }]);
});
