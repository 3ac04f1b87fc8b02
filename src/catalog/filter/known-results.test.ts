import { expect, it } from 'vitest';
import {
  type ModelDocument,
  packageOf,
} from '../../../test/support/catalogs/model-from-documents.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { ChannelEntry } from '../catalog-package.ts';
import { filterPackage } from './filter-package.ts';

interface Channel {
  readonly name: string;
  readonly entries: readonly ChannelEntry[];
}

/** A package whose bundles are called `<package>.v<version>`; the first channel is the default. */
function documentsOf(name: string, channels: readonly Channel[]): ModelDocument[] {
  const bundles = new Set(channels.flatMap(({ entries }) => entries.map((entry) => entry.name)));
  return [
    { schema: 'olm.package', name, defaultChannel: channels[0]?.name },
    ...channels.map((channel) => ({ schema: 'olm.channel', package: name, ...channel })),
    ...[...bundles].map((bundle) => ({
      schema: 'olm.bundle',
      package: name,
      name: bundle,
      image: 'quay.io/example/bundle:1',
      properties: [
        {
          type: 'olm.package',
          value: { packageName: name, version: bundle.slice(name.length + 2).replace('_', '+') },
        },
      ],
    })),
  ];
}

/** Versions from the oldest to the newest, each replacing the one before; `_` stands for the `+` of build metadata. */
function chain(name: string, versions: readonly string[]): readonly ChannelEntry[] {
  return versions.map((version, index) => {
    const before = versions[index - 1];
    const replaces = before === undefined ? {} : { replaces: `${name}.v${before}` };
    return { name: `${name}.v${version}`, ...replaces };
  });
}

function keptOf(
  documents: readonly ModelDocument[],
  entry: OperatorPackage,
  full = false,
): string[] {
  const { result, problems } = filterPackage(packageOf(documents), { full, entry });
  expect(problems).toEqual([]);
  return result.channels.flatMap(({ entries }) => entries.map(({ name }) => name));
}

const DEVWORKSPACE = documentsOf('devworkspace', [
  {
    name: 'fast',
    entries: chain('devworkspace', [
      '0.17.0',
      '0.18.1',
      '0.18.1_0.1675929565.p',
      '0.19.0',
      '0.19.1',
      '0.19.1_0.1682321189.p',
    ]),
  },
]);

const JAEGER = documentsOf('jaeger', [
  {
    name: 'stable',
    entries: chain('jaeger', ['1.30.2', '1.34.1-5', '1.34.1-5_2', '1.42.0-5', '1.51.0-1']),
  },
]);

it('takes the channel from a lower bound to the head, over versions with build metadata', () => {
  const kept = keptOf(DEVWORKSPACE, { name: 'devworkspace', minVersion: '0.18.1' });

  expect(kept).toHaveLength(5);
  expect(kept.at(-1)).toBe('devworkspace.v0.19.1_0.1682321189.p');
});

it('takes a range between two pre-releases, with one that differs by build metadata only', () => {
  const kept = keptOf(JAEGER, { name: 'jaeger', minVersion: '1.34.1-5', maxVersion: '1.42.0-5' });

  expect(kept).toEqual(['jaeger.v1.34.1-5', 'jaeger.v1.34.1-5_2', 'jaeger.v1.42.0-5']);
});

it('takes a skipped entry in range together with its skipper out of range', () => {
  const entries = [{ name: 'foo.v2.0.0', skips: ['foo.v1.0.0'] }, { name: 'foo.v1.0.0' }];
  const foo = documentsOf('foo', [{ name: 'stable', entries }]);

  const kept = keptOf(foo, { name: 'foo', minVersion: '1.0.0', maxVersion: '1.9.9' });

  expect(kept).toEqual(['foo.v2.0.0', 'foo.v1.0.0']);
});

it('pins a pre-release that a later version skips', () => {
  const entries = [
    { name: 'rhbk.v26.0.8-opr.1' },
    { name: 'rhbk.v26.0.9-opr.1', skips: ['rhbk.v26.0.8-opr.1'] },
  ];
  const rhbk = documentsOf('rhbk', [{ name: 'stable', entries }]);

  const kept = keptOf(rhbk, {
    name: 'rhbk',
    minVersion: '26.0.8-opr.1',
    maxVersion: '26.0.8-opr.1',
  });

  expect(kept).toEqual(['rhbk.v26.0.8-opr.1']);
});

it('pins the nearest to the head of those that differ by build metadata only', () => {
  const entries = chain('gear', ['1.0.0_9', '1.0.0_5', '1.0.0_1', '1.1.0']);
  const gear = documentsOf('gear', [{ name: 'stable', entries }]);

  const kept = keptOf(gear, { name: 'gear', minVersion: '1.0.0', maxVersion: '1.0.0' });

  expect(kept).toEqual(['gear.v1.0.0_1']);
});

it('takes the head of every channel, by the graph and not by the version', () => {
  const mas = [{ name: '3scale.v0.12.0' }, { name: '3scale.v0.11.0', replaces: '3scale.v0.12.0' }];
  const documents = documentsOf('3scale', [
    { name: 'mas', entries: mas },
    { name: '2.11', entries: chain('3scale', ['0.8.3', '0.8.4']) },
  ]);

  expect(keptOf(documents, { name: '3scale' })).toEqual(['3scale.v0.11.0', '3scale.v0.8.4']);
  expect(keptOf(documents, { name: '3scale' }, true)).toHaveLength(4);
});

it('counts a bundle of another channel that the chain ends in, without keeping it', () => {
  const documents = documentsOf('gear', [
    { name: 'all', entries: chain('gear', ['1.0.0', '1.1.0', '2.0.0']) },
    { name: 'new', entries: [{ name: 'gear.v2.0.0', replaces: 'gear.v1.1.0' }] },
  ]);
  const entry = { name: 'gear', channels: [{ name: 'all' }, { name: 'new', minVersion: '1.1.0' }] };

  const { result } = filterPackage(packageOf(documents), { full: false, entry });

  expect(result.channels.map(({ entries }) => entries.length)).toEqual([1, 1]);
  expect(result.bundles.map(({ name }) => name)).toEqual(['gear.v2.0.0']);
});
