import type { Platform } from '../../../src/oci/descriptor.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { filesToEntries, type LayerEntry } from '../catalogs/tar-layer.ts';
import {
  type Compression,
  type MadeImage,
  type MediaTypes,
  makeIndex,
  seededBytes,
} from '../make-image.ts';
import { makeLayeredImage } from './layered-image.ts';
import { releaseFiles } from './release-files.ts';

/** In Go's naming, or `multi`: an index of amd64 and arm64, whose components are indexes too. */
export type ReleaseArchitecture = 'amd64' | 'arm64' | 'ppc64le' | 's390x' | 'multi';

export interface ReleaseComponent {
  readonly name: string;
  /** Releases that give a name the same seed share the image. Default: the name. */
  readonly seed?: string;
  /** Adds a file of so many bytes that do not compress. */
  readonly fillerBytes?: number;
}

export interface ReleaseOptions {
  readonly version: string;
  /** Where the images will be: `127.0.0.1:PORT`. */
  readonly host: string;
  /** Default: amd64. */
  readonly architecture?: ReleaseArchitecture;
  /** Default: three of them. A text is a name. */
  readonly components?: readonly (string | ReleaseComponent)[];
  /** Seeds of the KubeVirt boot images by architecture, `x86_64`, …; none: the file names none. Default: there is no such file. */
  readonly bootImages?: Readonly<Record<string, string>>;
  /** A release of OKD: other repositories, tags without architecture. */
  readonly okd?: boolean;
  readonly withoutImageReferences?: boolean;
  readonly mediaTypes?: MediaTypes;
  readonly compression?: Compression;
  /** Layers above that with the manifests. */
  readonly extraLayers?: readonly (readonly LayerEntry[])[];
}

export interface MadeComponent {
  readonly name: string;
  /** By digest. */
  readonly reference: string;
  readonly image: MadeImage;
}

/** A release in memory. */
export interface MadeRelease {
  readonly version: string;
  readonly architecture: ReleaseArchitecture;
  readonly type: 'ocp' | 'okd';
  /** The payload's tag, e.g. `4.18.9-x86_64`. */
  readonly tag: string;
  readonly payload: MadeImage;
  readonly digest: Digest;
  /** The payload by digest, as graphs name it. */
  readonly reference: string;
  /** The payload by tag, as signatures name it. */
  readonly tagged: string;
  readonly payloadRepository: string;
  readonly componentRepository: string;
  readonly components: readonly MadeComponent[];
  /** KubeVirt boot images by architecture. */
  readonly bootImages: ReadonlyMap<string, MadeComponent>;
}

const TAG_NAMES = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  multi: 'multi',
} as const satisfies Record<ReleaseArchitecture, string>;

const REPOSITORIES = {
  ocp: ['openshift-release-dev/ocp-release', 'openshift-release-dev/ocp-v4.0-art-dev'],
  okd: ['okd/scos-release', 'okd/scos-content'],
} as const;

/** The tag that a release is published under. */
export function releaseTag(
  version: string,
  architecture: ReleaseArchitecture = 'amd64',
  okd = false,
): string {
  return okd ? version : `${version}-${TAG_NAMES[architecture]}`;
}

/** A small release in the real format (spec, releases-helm, 2.1, 2.2 and 2.5). Same options, same bytes. */
export async function makeRelease(options: ReleaseOptions): Promise<MadeRelease> {
  const { version, host, architecture = 'amd64', okd = false } = options;
  const type = okd ? 'okd' : 'ocp';
  const [payloadRepository, componentRepository] = REPOSITORIES[type];
  const tag = releaseTag(version, architecture, okd);
  const asked = options.components ?? ['cli', 'etcd', 'machine-os-content'];

  async function component({
    name,
    seed = name,
    fillerBytes = 0,
  }: ReleaseComponent): Promise<MadeComponent> {
    const image = await forPlatforms(architecture, options.mediaTypes, (platform) =>
      makeComponent({ seed: `${name}/${seed}`, fillerBytes, platform }, options.mediaTypes),
    );
    return { name, image, reference: `${host}/${componentRepository}@${image.top.digest}` };
  }

  const components: MadeComponent[] = [];
  for (const one of asked) {
    components.push(await component(typeof one === 'string' ? { name: one } : one));
  }
  const bootImages = new Map<string, MadeComponent>();
  for (const [key, seed] of Object.entries(options.bootImages ?? {})) {
    bootImages.set(key, await component({ name: `kube-virt-${key}`, seed }));
  }
  const payload = await makePayload(architecture, options, (platform) =>
    releaseFiles({
      ...{ version, components, isMulti: architecture === 'multi', platform },
      ...(options.bootImages === undefined ? {} : { bootImages }),
      withImageReferences: options.withoutImageReferences !== true,
    }),
  );
  const { digest } = payload.top;
  return {
    ...{ version, architecture, type, tag, payload, digest, components, bootImages },
    ...{ payloadRepository, componentRepository },
    reference: `${host}/${payloadRepository}@${digest}`,
    tagged: `${host}/${payloadRepository}:${tag}`,
  };
}

async function makePayload(
  architecture: ReleaseArchitecture,
  { version, mediaTypes, compression, extraLayers = [] }: ReleaseOptions,
  filesOf: (platform: Platform) => Readonly<Record<string, string>>,
): Promise<MadeImage> {
  return forPlatforms(architecture, mediaTypes, (platform) =>
    makeLayeredImage({
      platform,
      ...(mediaTypes === undefined ? {} : { mediaTypes }),
      ...(compression === undefined ? {} : { compression }),
      labels: { 'io.openshift.release': version },
      layers: [
        filesToEntries('', {
          'etc/os-release': 'NAME="Test"\n',
          'usr/bin/cluster-version-operator': `cvo for ${platform.architecture}`,
        }),
        filesToEntries('release-manifests', filesOf(platform)),
        ...extraLayers,
      ],
    }),
  );
}

async function makeComponent(
  {
    seed,
    fillerBytes,
    platform,
  }: { readonly seed: string; readonly fillerBytes: number; readonly platform: Platform },
  mediaTypes: MediaTypes | undefined,
): Promise<MadeImage> {
  const program = `${seed} for ${platform.architecture}`;
  const filler = fillerBytes === 0 ? {} : { filler: seededBytes(program, fillerBytes) };
  return makeLayeredImage({
    platform,
    ...(mediaTypes === undefined ? {} : { mediaTypes }),
    layers: [filesToEntries('usr/bin', { component: program, ...filler })],
  });
}

async function forPlatforms(
  architecture: ReleaseArchitecture,
  mediaTypes: MediaTypes = 'docker',
  make: (platform: Platform) => Promise<MadeImage>,
): Promise<MadeImage> {
  if (architecture !== 'multi') return make({ os: 'linux', architecture });
  const instances: MadeImage[] = [];
  for (const each of ['amd64', 'arm64']) {
    instances.push(await make({ os: 'linux', architecture: each }));
  }
  return makeIndex(instances, { mediaTypes });
}
