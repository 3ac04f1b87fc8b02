import { digestTag } from '../../src/oci/digest.ts';
import {
  type MadeImage,
  makeArtifact,
  makeCosignAttestation,
  makeCosignSbom,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from './make-image.ts';
import type { Endpoint } from './plain-request.ts';
import { pushImage } from './push-image.ts';

/** An image of a source registry, and what belongs to it. */
export interface SourceImage {
  readonly repository: string;
  readonly image: MadeImage;
  /** How an image set names it. */
  readonly by: 'tag' | 'digest' | 'both';
  /** Cosign's tags beside it. */
  readonly cosign: readonly { readonly tag: string; readonly image: MadeImage }[];
  readonly referrers: readonly MadeImage[];
}

/** The tag that images of `fortyImages` have at their source, and at the destination where they are named by it. */
export const TAG = '1.0';
/** Where foreign layers are said to be. */
export const FOREIGN_URL = 'https://foreign.example.com/layer';

const ARM64 = { os: 'linux', architecture: 'arm64' };
const S390X = { os: 'linux', architecture: 's390x' };

/** Forty images of every sort that registries hold, each in a repository of its own. */
export async function fortyImages(): Promise<SourceImage[]> {
  const images: SourceImage[] = [];
  function add(repository: string, image: MadeImage, over: Partial<SourceImage> = {}): void {
    images.push({ repository, image, by: 'tag', cosign: [], referrers: [], ...over });
  }
  async function multi(seed: string, mediaTypes: 'oci' | 'docker'): Promise<MadeImage> {
    const platforms = [{ os: 'linux', architecture: 'amd64' }, ARM64, S390X];
    const made = platforms.map((platform) =>
      makeImage({ seed: `${seed}/${platform.architecture}`, platform, mediaTypes, layers: 1 }),
    );
    return makeIndex(await Promise.all(made), { mediaTypes });
  }

  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    add(`single/oci-${name}`, await makeImage({ seed: `oci-${name}` }));
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    add(
      `single/docker-${name}`,
      await makeImage({ seed: `docker-${name}`, mediaTypes: 'docker', layers: 3 }),
    );
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    add(`multi/deep/oci-${name}`, await multi(`multi-${name}`, 'oci'));
  for (const name of ['a', 'b', 'c'])
    add(`multi/docker-${name}`, await multi(`list-${name}`, 'docker'));

  add('by/digest-a', await makeImage({ seed: 'digest-a' }), { by: 'digest' });
  add('by/digest-b', await makeImage({ seed: 'digest-b', mediaTypes: 'docker' }), { by: 'digest' });
  add('by/digest-c', await multi('digest-c', 'oci'), { by: 'digest' });
  add('by/digest-d', await multi('digest-d', 'docker'), { by: 'digest' });
  add('by/both-a', await makeImage({ seed: 'both-a' }), { by: 'both' });
  add('by/both-b', await multi('both-b', 'oci'), { by: 'both' });
  add('toplevel', await makeImage({ seed: 'both-c' }), { by: 'both' });

  const signed = await makeImage({ seed: 'signed' });
  add('signed/single', signed, { cosign: [makeCosignSignature(signed.top.digest)] });
  const signedIndex = await multi('signed-index', 'oci');
  const owners = [...signedIndex.manifests.slice(0, 1), signedIndex.top];
  add('signed/index', signedIndex, {
    cosign: owners.map(({ digest }, index) => makeCosignSignature(digest, `index-${index}`)),
  });
  const attested = await makeImage({ seed: 'attested' });
  add('signed/attested', attested, {
    by: 'digest',
    cosign: [
      makeCosignSignature(attested.top.digest, 'attested'),
      makeCosignAttestation(attested.top.digest),
      makeCosignSbom(attested.top.digest),
    ],
  });

  const noted = await makeImage({ seed: 'noted' });
  add('referred/single', noted, {
    referrers: [
      makeReferrer(noted),
      makeReferrer(noted, 'application/vnd.example.scan+json', '{"found": 0}'),
    ],
  });
  const notedIndex = await multi('noted-index', 'oci');
  add('referred/index', notedIndex, {
    referrers: [makeReferrer(notedIndex, 'application/vnd.example.note', 'an index')],
  });

  add(
    'artifact/chart',
    makeArtifact({
      artifactType: 'application/vnd.cncf.helm.config.v1+json',
      config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', content: '{"name":"demo"}' },
      layers: [
        { mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', content: 'chart' },
      ],
    }),
  );
  add(
    'artifact/policy',
    makeArtifact({
      artifactType: 'application/vnd.example.policy.v1',
      layers: [
        {
          mediaType: 'application/vnd.example.policy.layer.v1',
          content: 'allow',
          annotations: { 'org.opencontainers.image.title': 'policy.rego' },
        },
      ],
    }),
  );
  add('layers/zstd-a', await makeImage({ seed: 'zstd-a', compression: 'zstd' }));
  add('layers/zstd-b', await makeImage({ seed: 'zstd-b', compression: 'zstd', layers: 4 }));
  add('layers/plain', await makeImage({ seed: 'plain', compression: 'none' }));
  add(
    'layers/foreign-docker',
    await makeImage({ seed: 'foreign-a', mediaTypes: 'docker', foreignLayer: [FOREIGN_URL] }),
  );
  add('layers/foreign-oci', await makeImage({ seed: 'foreign-b', foreignLayer: [FOREIGN_URL] }));
  return images;
}

/**
 * Pushes an image with what belongs to it.
 * @param hasReferrersApi without it referrers are listed by their fallback tag (OCI distribution-spec, "Referrers Tag Schema").
 */
export async function pushSourceImage(
  endpoint: Endpoint,
  { repository, image, cosign, referrers }: SourceImage,
  { hasReferrersApi }: { readonly hasReferrersApi: boolean },
): Promise<void> {
  await pushImage(endpoint, repository, image, TAG);
  for (const one of cosign) await pushImage(endpoint, repository, one.image, one.tag);
  for (const referrer of referrers) await pushImage(endpoint, repository, referrer);
  if (referrers.length > 0 && !hasReferrersApi) {
    const fallback = makeIndex(referrers);
    await pushImage(endpoint, repository, fallback, digestTag(image.top.digest));
  }
}

/** The entry of an image set. */
export function entryOf(host: string, { repository, image, by }: SourceImage): string {
  const name = `${host}/${repository}`;
  const { digest } = image.top;
  switch (by) {
    case 'tag':
      return `${name}:${TAG}`;
    case 'digest':
      return `${name}@${digest}`;
    case 'both':
      return `${name}:${TAG}@${digest}`;
    default:
      return by satisfies never;
  }
}

/** The tag that the image has at the destination (spec, config-and-outputs, 3.1). */
export function destinationTag({ image, by }: SourceImage): string {
  return by === 'digest' ? digestTag(image.top.digest) : TAG;
}
