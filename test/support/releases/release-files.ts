import { stringify } from 'yaml';
import type { Platform } from '../../../src/oci/descriptor.ts';

interface Named {
  readonly name: string;
  readonly reference: string;
}

export interface ReleaseFilesOptions {
  readonly version: string;
  readonly components: readonly Named[];
  readonly isMulti: boolean;
  readonly platform: Platform;
  /** By architecture, `x86_64`, …. */
  readonly bootImages?: ReadonlyMap<string, Named>;
  readonly withImageReferences: boolean;
}

/** What lies in the folder `release-manifests` of a payload, as far as anybody reads it. */
export function releaseFiles(options: ReleaseFilesOptions): Record<string, string> {
  const { version, bootImages, withImageReferences } = options;
  return {
    '0000_00_cluster-version-operator_00_namespace.yaml': stringify({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'openshift-cluster-version' },
    }),
    ...(bootImages === undefined
      ? {}
      : { '0000_50_installer_coreos-bootimages.yaml': bootImagesFile(version, bootImages) }),
    ...(withImageReferences ? { 'image-references': imageReferences(options) } : {}),
    'release-metadata': releaseMetadata(options),
  };
}

function imageReferences({ version, components }: ReleaseFilesOptions): string {
  const tags = components.map(({ name, reference }) => ({
    name,
    annotations: {
      'io.openshift.build.commit.id': '0123456789abcdef0123456789abcdef01234567',
      'io.openshift.build.source-location': `https://source.example/${name}`,
    },
    from: { kind: 'DockerImage', name: reference },
    generation: null,
    importPolicy: {},
    referencePolicy: { type: '' },
  }));
  return JSON.stringify(
    {
      kind: 'ImageStream',
      apiVersion: 'image.openshift.io/v1',
      metadata: { name: version, creationTimestamp: '2024-05-06T07:08:09Z' },
      spec: { lookupPolicy: { local: false }, tags },
      status: { dockerImageRepository: '' },
    },
    undefined,
    2,
  );
}

function releaseMetadata({ version, isMulti }: ReleaseFilesOptions): string {
  return JSON.stringify({
    kind: 'cincinnati-metadata-v0',
    version,
    previous: [],
    metadata: {
      url: `https://errata.example/${version}`,
      ...(isMulti ? { 'release.openshift.io/architecture': 'multi' } : {}),
    },
  });
}

function bootImagesFile(version: string, bootImages: ReadonlyMap<string, Named>): string {
  const kubevirt = [...bootImages].map(([key, { reference }]) => [
    key,
    {
      images: {
        kubevirt: {
          release: '418.94.202405060708-0',
          image: `${reference.split('@')[0] ?? ''}:4.18-kubevirt`,
          'digest-ref': reference,
        },
      },
    },
  ]);
  const stream = {
    stream: 'rhcos-4.18',
    metadata: { 'last-modified': '2024-05-06T07:08:09Z', generator: 'test' },
    architectures: {
      ...{ aarch64: {}, ppc64le: {}, s390x: {}, x86_64: {} },
      ...(Object.fromEntries(kubevirt) as object),
    },
  };
  return stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'coreos-bootimages', namespace: 'openshift-machine-config-operator' },
    data: { releaseVersion: version, stream: JSON.stringify(stream, undefined, 2) },
  });
}
