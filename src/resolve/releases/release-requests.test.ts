import { describe, expect, it } from 'vitest';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import type { PlatformRequest } from './release-request.ts';
import { platformRequests } from './release-requests.ts';

const HEAD = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n';

describe('platformRequests', () => {
  it('takes channels as they are, with every default in its place', () => {
    const [request, ...others] = requests(
      '  platform:\n    graph: true\n    channels:\n    - name: stable-4.18\n    - {name: stable-scos, type: okd, minVersion: 4.18.0-okd.1, maxVersion: 4.18.0-okd.2, full: true, shortestPath: true, allowNotRecommended: true}\n',
      '  helm: {}\n',
    );

    expect(others).toEqual([]);
    expect(request).toMatchObject({
      architectures: ['amd64'],
      channels: [
        {
          name: 'stable-4.18',
          type: 'ocp',
          full: false,
          shortestPath: false,
          allowNotRecommended: false,
          entry: { field: 'mirror.platform.channels[0]', position: { path: '1.yaml', line: 7 } },
        },
        {
          name: 'stable-scos',
          type: 'okd',
          minVersion: '4.18.0-okd.1',
          maxVersion: '4.18.0-okd.2',
          full: true,
          shortestPath: true,
          allowNotRecommended: true,
        },
      ],
      graph: { field: 'mirror.platform.graph', position: { path: '1.yaml', line: 5 } },
      entry: { field: 'mirror.platform' },
      warnings: [],
    });
    expect(request).not.toHaveProperty('pinned');
    expect(request).not.toHaveProperty('platforms');
    expect(request).not.toHaveProperty('bootImages');
  });

  it.each([
    { platform: '{}', architectures: ['amd64'] },
    { platform: '{architectures: []}', architectures: ['amd64'] },
    { platform: '{architectures: [arm64, multi, arm64]}', architectures: ['arm64', 'multi'] },
    { platform: '{platforms: [{os: linux, architecture: arm64}]}', architectures: ['multi'] },
  ])('asks the graphs of $architectures for $platform', ({ platform, architectures }) => {
    expect(requestOf(platform).architectures).toEqual(architectures);
  });

  it('takes the release that is named in place of the channels', () => {
    const request = requestOf('{release: quay.io/a/b:1, channels: [{name: stable-4.18}]}');

    expect(request.channels).toEqual([]);
    expect(request.pinned).toMatchObject({
      name: 'quay.io/a/b:1',
      entry: { field: 'mirror.platform.release' },
    });
  });

  it.each([
    { of: '', keys: ['x86_64'], warned: [] },
    { of: 'architectures: [amd64]', keys: ['x86_64'], warned: [] },
    { of: 'architectures: [s390x, amd64]', keys: ['x86_64', 's390x'], warned: [] },
    { of: 'architectures: [arm64]', keys: ['x86_64'], warned: ['architectures[0]'] },
    { of: 'architectures: [s390x, arm64]', keys: ['s390x'], warned: ['architectures[1]'] },
    { of: 'architectures: [multi]', keys: ['x86_64', 's390x'], warned: [] },
    {
      of: 'platforms: [{os: linux, architecture: arm64}]',
      keys: ['x86_64', 's390x'],
      warned: ['platforms[0]'],
    },
    {
      of: 'platforms: [{os: linux, architecture: arm64}, {os: linux, architecture: s390x}]',
      keys: ['s390x'],
      warned: ['platforms[0]'],
    },
  ])('looks for the boot images $keys with "$of"', ({ of, keys, warned }) => {
    const { bootImages, warnings } = requestOf(
      `{kubeVirtContainer: true${of === '' ? '' : `, ${of}`}}`,
    );

    expect(bootImages).toEqual(keys);
    expect(warnings.map(({ field }) => field)).toEqual(
      warned.map((field) => `mirror.platform.${field}`),
    );
  });

  it('blocks what the own document blocks', () => {
    const [blocking, other] = requests(
      '  platform: {}\n  blockedImages: [{name: "art-dev@sha256:1"}]\n',
      '  platform: {}\n',
    );

    expect(blocking?.blockedBy('quay.io/art-dev@sha256:12')?.pattern).toBe('art-dev@sha256:1');
    expect(blocking?.blockedBy('quay.io/art-dev@sha256:2')).toBeUndefined();
    expect(other?.blockedBy('quay.io/art-dev@sha256:12')).toBeUndefined();
  });
});

function requestOf(platform: string): PlatformRequest {
  const [request] = requests(`  platform: ${platform}\n`);
  if (request === undefined) throw new Error('there is no request');
  return request;
}

function requests(...contents: readonly string[]): PlatformRequest[] {
  const files = contents.map((content, index) => {
    return { path: `${index + 1}.yaml`, text: HEAD + content, named: true };
  });
  const { documents, problems } = loadImageSets(files);
  expect(problems).toEqual([]);
  return platformRequests(documents);
}
