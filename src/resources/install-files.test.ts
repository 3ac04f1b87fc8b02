import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { absolutePlace } from '../oci/destination.ts';
import { renderClusterVersionUpstream, renderImageDigestSources } from './install-files.ts';
import type { MirroredImage } from './mirror-sets.ts';

const HOST = { host: 'reg.example.com:5000', namespace: 'ocp4' };
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OCP = 'quay.io/openshift-release-dev';

function image(kind: MirroredImage['kind'], source: string, at: string): MirroredImage {
  const place = absolutePlace(at, HOST);
  if (place === undefined) throw new Error(`${at} is no place`);
  return { kind, source, place };
}

const PAYLOAD = image(
  'release',
  `${OCP}/ocp-release:4.18.9-x86_64`,
  'openshift/release-images:4.18.9-x86_64',
);
const COMPONENT = image(
  'release-component',
  `${OCP}/ocp-v4.0-art-dev@${DIGEST}`,
  'openshift/release:4.18.9-x86_64-cli',
);

function sources(images: readonly MirroredImage[]): unknown {
  const [text = ''] = renderImageDigestSources(images).values();
  return parseYaml(text);
}

describe('image-digest-sources.yaml', () => {
  it('has the repositories of payloads and components, each once', () => {
    const another = image(
      'release-component',
      `${OCP}/ocp-v4.0-art-dev@sha256:${'cd'.repeat(32)}`,
      'openshift/release:4.18.9-x86_64-etcd',
    );
    expect(sources([PAYLOAD, COMPONENT, another])).toEqual({
      imageDigestSources: [
        {
          source: `${OCP}/ocp-release`,
          mirrors: ['reg.example.com:5000/ocp4/openshift/release-images'],
        },
        {
          source: `${OCP}/ocp-v4.0-art-dev`,
          mirrors: ['reg.example.com:5000/ocp4/openshift/release'],
        },
      ],
    });
  });

  it('has all sources of one repository', () => {
    const okd = image('release', 'quay.io/okd/scos-release:4.18.0', 'openshift/release-images:a');
    const mirrors = ['reg.example.com:5000/ocp4/openshift/release-images'];
    expect(sources([PAYLOAD, okd])).toEqual({
      imageDigestSources: [
        { source: 'quay.io/okd/scos-release', mirrors },
        { source: `${OCP}/ocp-release`, mirrors },
      ],
    });
  });

  it('names repositories where a mirror set would name a namespace', () => {
    const odd = image('release-component', `quay.io/okd/cli@${DIGEST}`, 'okd/cli:sha256-ab');
    expect(sources([odd])).toEqual({
      imageDigestSources: [
        { source: 'quay.io/okd/cli', mirrors: ['reg.example.com:5000/ocp4/okd/cli'] },
      ],
    });
  });

  it('has nothing but releases, and is not there without one', () => {
    const graph = image('graph', 'https://example.com/graph-data', 'openshift/graph-image:latest');
    const other = image('additional', `quay.io/a/b@${DIGEST}`, 'a/b:1');
    expect(renderImageDigestSources([graph, other])).toEqual(new Map());
    expect(sources([graph, other, PAYLOAD])).toEqual(sources([PAYLOAD]));
  });

  it('is the same for the same images in another order', () => {
    const images = [PAYLOAD, COMPONENT];
    expect(renderImageDigestSources(images.toReversed())).toEqual(renderImageDigestSources(images));
  });

  it('can stand in an install-config as it is', () => {
    const [text = ''] = renderImageDigestSources([PAYLOAD]).values();
    const config: unknown = parseYaml(`apiVersion: v1\nbaseDomain: example.com\n${text}`);
    expect(config).toMatchObject({ apiVersion: 'v1', imageDigestSources: [{}] });
  });
});

describe('clusterversion-upstream.yaml', () => {
  it('is a patch with one field', () => {
    const [text = ''] = renderClusterVersionUpstream('apps.example.com').values();
    expect(parseYaml(text)).toEqual({
      spec: {
        upstream:
          'https://update-service-oc-mirror-route-openshift-update-service.apps.example.com/api/upgrades_info/v1/graph',
      },
    });
    expect(text).toMatch(/^# .*\n# {3}oc patch clusterversion version --type merge --patch-file /);
  });
});
