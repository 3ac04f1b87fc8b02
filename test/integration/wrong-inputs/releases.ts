import { makeSigningKey } from '../../support/releases/signing-key.ts';
import { releaseSet } from '../../support/releases/release-site.ts';
import type { WrongInput, WrongInputSite } from '../../support/wrong-input-site.ts';

/** A pass that wants this platform. */
function platform(
  wanted: object,
  over: (site: WrongInputSite) => Readonly<Record<string, unknown>> = () => ({}),
): WrongInput['run'] {
  return (site) => {
    const releases = { ...site.releases.settings, ...over(site) };
    return site.wantingFile({ settings: { releases } }, releaseSet(wanted));
  };
}

function channel(fields: object): object {
  return { channels: [fields] };
}

/** A pass that wants a release of the source, signed with a key, if at all. */
function signed(
  version: string,
  seed: string | undefined,
  over?: (site: WrongInputSite) => Readonly<Record<string, unknown>>,
): WrongInput['run'] {
  return async (site) => {
    await site.releases.add(version, seed === undefined ? undefined : makeSigningKey(seed));
    return platform(channel({ name: `stable-${version}` }), over)(site);
  };
}

const DEGRADED =
  'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT';

/** What is wrong with releases, and with what the settings say of them. */
export const RELEASES: readonly WrongInput[] = [
  {
    name: 'a channel that nobody knows',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: stable-4.81 has no releases',
      '    hint: Check the name of the channel and the architecture: "imageset list releases --channels --version X.Y" shows the channels of a version.',
    ],
    run: platform(channel({ name: 'stable-4.81' })),
  },
  {
    name: 'a channel that nobody knows for an architecture',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:8:9: stable-4.81 (s390x) has no releases',
      '    hint: Check the name of the channel and the architecture: "imageset list releases --channels --version X.Y" shows the channels of a version.',
      '  warning: sets/wrong.yaml:5:5: mirror.platform.architectures: platform.architectures is deprecated; use platform.platforms instead for sparse manifest platform filtering (It still counts. platforms needs a registry that takes indexes in part.)',
    ],
    run: platform({ architectures: ['s390x'], ...channel({ name: 'stable-4.81' }) }),
  },
  {
    name: 'a range of releases that ends before it begins',
    code: 4,
    text: [
      'prod: Stalled at COMMIT: nothing was changed',
      '  sets/wrong.yaml:7:9: mirror.platform.channels[0].minVersion: the range is empty: minVersion 4.18.9 is above maxVersion 4.18.1 (Exchange them.)',
    ],
    run: platform(channel({ name: 'a', minVersion: '4.18.9', maxVersion: '4.18.1' })),
  },
  {
    name: 'a path to a release that its channel does not have',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: stable-4.18.1 does not have 4.18.9, which the shortest path should begin or end with; stable-4.18.1 has 4.18.1',
      '    hint: Choose versions that the channel has, or leave shortestPath out: the bounds of a range need not exist.',
    ],
    run: async (site) => {
      await site.releases.add('4.18.1', undefined);
      const path = { minVersion: '4.18.1', maxVersion: '4.18.9', shortestPath: true };
      return platform(channel({ name: 'stable-4.18.1', ...path }))(site);
    },
  },
  {
    name: 'an update service that is a web server',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: the graph of stable-4.18 (amd64) at http://WEB/graph is no update graph: it is a web page, not JSON',
      '    hint: Check what answers at that URL: releases.graphUrl in the settings, UPDATE_URL_OVERRIDE for mirror.',
    ],
    run: platform(channel({ name: 'stable-4.18' }), ({ hosts }) => ({
      graphUrl: `http://${hosts.WEB}/graph?token=s3cret`,
    })),
  },
  {
    name: 'an update service that is not there',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: stable-4.18: downloading http://CLOSED/graph: CLOSED: connection refused',
      '    hint: Check that CLOSED is up and that firewalls let this machine connect to it; a proxy is set with HTTPS_PROXY.',
    ],
    run: platform(channel({ name: 'stable-4.18' }), ({ hosts }) => ({
      graphUrl: `http://${hosts.CLOSED}/graph`,
    })),
  },
  {
    name: 'a release that nobody signed',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: stable-4.18.2 4.18.2: no signature found for HEX image SOURCE/openshift-release-dev/ocp-release@DIGEST',
      '    hint: Check the signature store (releases.signatureUrl in the settings, OCP_SIGNATURE_URL for mirror). Who trusts the image takes it unsigned: releases.unsigned in the settings, or platform.release and mirror --ignore-release-signature.',
    ],
    run: signed('4.18.2', undefined),
  },
  {
    name: 'a release that somebody else signed',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: stable-4.18.3 4.18.3: no signature of DIGEST counts (http://UPDATES/signatures/): signature-1: it is by key 0AB08FA02C6D5767, which is not among the keys that count (DIR/release.asc: DC8D9A105185F5F2)',
      '    hint: Check releases.signatureUrl and releases.keysFile; ask whoever publishes the release for a good signature.',
    ],
    run: signed('4.18.3', 'mallory'),
  },
  {
    name: 'a keys file that is not there',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: stable-4.18.4 4.18.4: the keys file DIR/no-keys.asc cannot be read: no such file or folder',
      '    hint: Name a file with the public keys that sign releases, as "gpg --armor --export KEY" writes it.',
    ],
    run: signed('4.18.4', 'release', ({ folder }) => ({ keysFile: `${folder}/no-keys.asc` })),
  },
  {
    name: 'a release of OKD without its keys',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:6:9: stable-scos 4.18.0-okd-scos.1: no keys are known that sign releases of OKD: none are built in',
      '    hint: Set releases.okd.keysFile to a file with the openshift-ci release key, whose fingerprint is 6A9588F07F2D3AE7973AD2A9193E53CCD2E2F7A4 (the cluster-update-keys project has it).',
    ],
    run: async (site) => {
      const version = '4.18.0-okd-scos.1';
      const payload = `${site.hosts.SOURCE}/okd/scos-release@sha256:${'0'.repeat(64)}`;
      site.releases.service.setOkdGraph('stable-scos', { nodes: [{ version, payload }] });
      return platform(channel({ name: 'stable-scos', type: 'okd' }), ({ releases }) => ({
        okd: { graphUrl: releases.service.okdGraphUrl },
      }))(site);
    },
  },
  {
    name: 'graph data that are a web page',
    code: 3,
    text: [
      DEGRADED,
      '  sets/wrong.yaml:5:5: the graph image: the graph data of http://WEB/data cannot be used: it is a web page, no tarball',
      '    hint: Look at what the URL answers with: it has to be the tarball that update services are fed with, a gzip tar with "version" and "channels/".',
    ],
    run: platform({ graph: true }, ({ hosts }) => ({ graphDataUrl: `http://${hosts.WEB}/data` })),
  },
  {
    name: 'a signature store that is no web server',
    code: 1,
    text: [
      'error: the settings in settings.yaml are wrong:',
      'settings.yaml:9:5: releases.signatureUrl: this is no http or https URL (Write it like https://host.example.com/path.)',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: platform({ graph: true }, ({ hosts }) => ({ signatureUrl: `ftp://${hosts.WEB}/` })),
  },
  {
    name: 'a digest of an unsigned release that is none',
    code: 1,
    text: [
      'error: the settings in settings.yaml are wrong:',
      'settings.yaml:13:7: releases.unsigned[0]: "4.18.9" is no digest',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: platform({ graph: true }, () => ({ unsigned: ['4.18.9'] })),
  },
  {
    name: 'a private key in place of the authority of a registry',
    code: 1,
    text: [
      'prod: failed',
      '  error: resources.registryCAFile DIR/wrong-ca.crt has a private key in it',
      '  hint: Name a file with certificates alone: what is in it goes to Git and to the clusters.',
    ],
    run: async (site) => {
      const text = '-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n';
      const registryCAFile = await site.write('wrong-ca.crt', text);
      return site.pass({
        settings: { mirrors: [{ ...site.mirror, resources: { registryCAFile } }] },
      });
    },
  },
];
