import type { RefusedRelease } from '../../support/releases/refused-release.ts';
import type { MadeRelease } from '../../support/releases/make-release.ts';
import type { ReleaseSite } from '../../support/releases/release-site.ts';
import { makeSigningKey } from '../../support/releases/signing-key.ts';

/** A release with a signature that is wrong, to which a good one comes. */
function signed(
  wrongly: (site: ReleaseSite, release: MadeRelease) => void,
  isPinned = false,
): RefusedRelease['arrange'] {
  return async (site, minor) => {
    const [version, name] = [`4.${minor}.0`, `stable-4.${minor}`];
    const release = await site.addRelease({ version, signed: false, components: ['cli'] });
    site.addChannel(name, { versions: [version] });
    wrongly(site, release);
    return {
      platform: isPinned ? { release: release.tagged } : { channels: [{ name }] },
      refused: [release],
      repair: () => {
        site.sign(release);
        return undefined;
      },
    };
  };
}

const MISSING = {
  code: 'SIGNATURE_MISSING',
  says: ['no signature found for ', 'openshift-release-dev/ocp-release@sha256:'],
} as const;
const INVALID = {
  code: 'SIGNATURE_INVALID',
  at: '6:9',
  advises: 'ask whoever publishes the release for a good signature',
} as const;
const OTHER_DIGEST = `sha256:${'a'.repeat(64)}`;

/** Signatures that do not count. */
export const SIGNATURES: readonly RefusedRelease[] = [
  {
    ...MISSING,
    name: 'a release that nobody signed',
    at: '6:9',
    advises: 'Who trusts the image takes it unsigned: releases.unsigned in the settings',
    arrange: signed(() => undefined),
  },
  {
    ...MISSING,
    name: 'a release that nobody signed, named by the image set',
    at: '5:5',
    advises: 'mirror --ignore-release-signature',
    arrange: signed(() => undefined, true),
  },
  {
    ...INVALID,
    name: 'a signature by another key',
    says: [
      `signature-1: it is by key ${makeSigningKey('mallory').fingerprint.slice(-16).toUpperCase()}`,
      'which is not among the keys that count',
      'release.asc',
    ],
    arrange: signed((site, release) => {
      site.sign(release, { key: makeSigningKey('mallory') });
    }),
  },
  {
    ...INVALID,
    name: 'a signature of another release',
    says: ['signature-1: it is of another image, "sha256:aaaa'],
    arrange: signed((site, release) => {
      site.sign(release, { digest: OTHER_DIGEST });
    }),
  },
  {
    ...INVALID,
    name: 'a signature that has expired',
    says: ['signature-1: it expired at 2024-02-28T13:00:00.000Z'],
    arrange: signed((site, release) => {
      site.sign(release, { expired: true });
    }),
  },
  {
    ...INVALID,
    name: 'a signature whose text was changed afterwards',
    says: ['signature-1: it is no good signature by key', 'Signed digest did not match'],
    arrange: signed((site, release) => {
      site.sign(release, { digest: OTHER_DIGEST, changedTo: JSON.stringify({ critical: {} }) });
    }),
  },
  {
    ...INVALID,
    name: 'several signatures, none of which counts',
    says: ['signature-1: it expired', 'signature-2: it is of another image'],
    arrange: signed((site, release) => {
      site.sign(release, { expired: true });
      site.sign(release, { digest: OTHER_DIGEST });
    }),
  },
  {
    ...INVALID,
    name: 'a web page in place of a signature',
    says: ['signature-1: it is no OpenPGP message'],
    arrange: async (site, minor) => {
      const arranged = await signed(() => undefined)(site, minor);
      const [release] = arranged.refused;
      site.service.setSignatures(release?.digest ?? '', [Buffer.from('<!DOCTYPE html>')]);
      return arranged;
    },
  },
];
