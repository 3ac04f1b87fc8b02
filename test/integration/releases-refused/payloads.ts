import { filesToEntries } from '../../support/catalogs/tar-layer.ts';
import type { RefusedRelease } from '../../support/releases/refused-release.ts';
import type { AddReleaseOptions } from '../../support/releases/release-site.ts';

/** A release that is built wrongly, and then again as it should be. */
function built(
  wrong: Partial<AddReleaseOptions>,
  platform: object = {},
): RefusedRelease['arrange'] {
  return async (site, minor) => {
    const [version, name] = [`4.${minor}.0`, `stable-4.${minor}`];
    const broken = await site.addRelease({ version, ...wrong });
    site.addChannel(name, { versions: [version] });
    const next = `4.${minor}.1`;
    const right = await site.addRelease({ version: next, bootImages: { x86_64: `${minor}` } });
    const wanted = { ...platform, channels: [{ name }] };
    return {
      platform: wanted,
      refused: [right],
      repair: async () => {
        if ((await site.there(`openshift/release-images:${broken.tag}`)) !== undefined)
          throw new Error('a broken release was published');
        site.addChannel(name, { versions: [version, next] });
        return undefined;
      },
    };
  };
}

function imageReferences(document: unknown): Partial<AddReleaseOptions> {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return { extraLayers: [filesToEntries('release-manifests', { 'image-references': text })] };
}

function naming(...tags: readonly object[]): Partial<AddReleaseOptions> {
  const metadata = { name: '4.1.0' };
  return imageReferences({ kind: 'ImageStream', metadata, spec: { tags } });
}

const BROKEN = {
  code: 'PAYLOAD_INVALID',
  at: '6:9',
  advises: 'The release is broken: tell who builds it, and choose another one.',
} as const;

/** Payloads that are none, or nowhere. */
export const PAYLOADS: readonly RefusedRelease[] = [
  {
    name: 'a payload without image-references',
    code: 'PAYLOAD_INVALID',
    at: '6:9',
    says: ['openshift-release-dev/ocp-release', 'no file release-manifests/image-references'],
    advises: 'Name the image of a release, not one of its components.',
    arrange: built({ withoutImageReferences: true }),
  },
  {
    ...BROKEN,
    name: 'image-references with a bad reference',
    says: ['its image-references names "https://x y" at "cli", which is no image of a registry'],
    arrange: built(naming({ name: 'cli', from: { kind: 'DockerImage', name: 'https://x y' } })),
  },
  {
    ...BROKEN,
    name: 'image-references with a component of another host’s file system',
    says: ['names "oci:///etc" at "cli", which is no image of a registry'],
    arrange: built(naming({ name: 'cli', from: { kind: 'DockerImage', name: 'oci:///etc' } })),
  },
  {
    ...BROKEN,
    name: 'image-references with a name that makes no tag',
    says: ['has a component "../cli", which is no name'],
    arrange: built(
      naming({ name: '../cli', from: { kind: 'DockerImage', name: 'registry.example.com/a:1' } }),
    ),
  },
  {
    ...BROKEN,
    name: 'image-references that are no JSON',
    says: ['its image-references is not JSON'],
    arrange: built(imageReferences('kind: ImageStream\n')),
  },
  {
    name: 'a release without the boot image that is asked for',
    code: 'PAYLOAD_INVALID',
    at: '7:9',
    says: ['could not find kubevirt image in this release', '4.N.0-x86_64'],
    advises: 'Take kubeVirtContainer out, or choose other releases.',
    arrange: built({}, { kubeVirtContainer: true }),
  },
  {
    name: 'a payload that is nowhere',
    code: 'REGISTRY_NOT_FOUND',
    at: '6:9',
    says: ['openshift-release-dev/ocp-release@sha256:', 'answered 404'],
    advises: 'Check the name',
    arrange: async (site, minor) => {
      const [version, name] = [`4.${minor}.0`, `stable-4.${minor}`];
      const release = await site.addRelease({ version, components: ['cli'] });
      site.addChannel(name, { versions: [version] });
      await site.removeImage(release.reference);
      return {
        platform: { channels: [{ name }] },
        refused: [release],
        repair: async () => {
          await site.addRelease({ version, components: ['cli'] });
          return undefined;
        },
      };
    },
  },
  {
    name: 'a release that an image set names by a tag that is not there',
    code: 'REGISTRY_NOT_FOUND',
    at: '5:5',
    says: ['openshift-release-dev/ocp-release:4.N.0-x86_64', 'answered 404'],
    advises: 'Check the name',
    arrange: async (site, minor) => {
      const version = `4.${minor}.0`;
      const release = await site.addRelease({ version, components: ['cli'] });
      await site.removeImage(release.reference);
      return {
        platform: { release: release.tagged },
        refused: [release],
        repair: async () => {
          await site.addRelease({ version, components: ['cli'] });
          return undefined;
        },
      };
    },
  },
];
