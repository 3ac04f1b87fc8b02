import { describe, expect, it } from 'vitest';
import { type ReleaseListFlags, readReleaseListRequest } from './release-list-request.ts';

const NOTHING: ReleaseListFlags = {
  channels: false,
  version: undefined,
  channel: undefined,
  architectures: undefined,
};

describe('readReleaseListRequest', () => {
  it.each([
    { flags: {}, request: { kind: 'minors' } },
    { flags: { architectures: 'sparc' }, request: { kind: 'minors' } },
    {
      flags: { version: '4.18' },
      request: {
        kind: 'releases',
        version: '4.18',
        channel: 'stable-4.18',
        architectures: ['amd64'],
      },
    },
    {
      flags: { channel: 'eus-4.18', architectures: 'amd64,s390x' },
      request: {
        kind: 'releases',
        version: '',
        channel: 'eus-4.18',
        architectures: ['amd64', 's390x'],
      },
    },
    {
      flags: { channel: 'fast-4.18', version: '4.17' },
      request: {
        kind: 'releases',
        version: '4.17',
        channel: 'fast-4.18',
        architectures: ['amd64'],
      },
    },
    {
      flags: { channels: true, version: '4.18' },
      request: { kind: 'channels', version: '4.18', channel: 'stable-4.18' },
    },
    {
      flags: { channels: true, version: '4.18', channel: 'eus-4.18' },
      request: { kind: 'channels', version: '4.18', channel: 'eus-4.18' },
    },
  ])('takes $flags', ({ flags, request }) => {
    expect(readReleaseListRequest({ ...NOTHING, ...flags })).toEqual(request);
  });

  it.each([
    { flags: { channels: true }, message: /^must specify --version with --channels$/ },
    {
      flags: { channels: true, channel: 'x' },
      message: /^must specify --version with --channels$/,
    },
    { flags: { version: '' }, message: /^must specify --version or --channel$/ },
    { flags: { channel: '' }, message: /^must specify --version or --channel$/ },
    {
      flags: { version: '4.18', architectures: 'amd64,sparc,vax' },
      message:
        /^invalid architecture\(s\) \[sparc vax\]\. Known architectures: \[amd64 arm64 multi ppc64le s390x\]$/,
    },
  ])('refuses $flags', ({ flags, message }) => {
    const call = (): unknown => readReleaseListRequest({ ...NOTHING, ...flags });

    expect(call).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(call).toThrow(message);
  });
});
