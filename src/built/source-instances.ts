import { ControllerError } from '../base/controller-error.ts';
import { compareText } from '../base/compare-text.ts';
import { type Descriptor, formatPlatform, type Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource } from '../oci/ends.ts';
import { MANIFEST_LIMIT_BYTES, type ManifestBytes, parseManifest } from '../oci/manifest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { verified } from '../oci/verified.ts';
import { type ExactJson, parseExactJson, textOf } from './exact-json.ts';

/** An image that others are made of, for one platform. */
export interface SourceInstance {
  readonly manifest: ManifestBytes;
  readonly config: ExactJson;
  /** As an index names it, its fields sorted. */
  readonly platform: Readonly<Record<string, unknown>>;
}

export interface SourceInstances {
  /** In the order of the index. */
  readonly instances: readonly SourceInstance[];
  /** Whether something of the source is not among them: attestations, other platforms. */
  readonly isPart: boolean;
  /** The source is one image, without an index. */
  readonly isSingle: boolean;
}

const MAX_DEPTH = 4;
const MAX_MANIFESTS = 500;
const IMAGE_CONFIGS: readonly string[] = [
  MEDIA_TYPES.ociConfig,
  'application/vnd.docker.container.image.v1+json',
];
/** On the descriptor of what BuildKit puts beside an image. Source: BuildKit, docs/attestations/attestation-storage.md. */
const ATTESTATION = 'vnd.docker.reference.type';

/**
 * The container images that an image consists of, out of nested indexes too; attestations are none of them. With `platforms`
 * only those; a single image is what it is (spec, operator-catalogs, 4.6 and 5.2).
 *
 * @throws ControllerError PLATFORM_NOT_FOUND, MANIFEST_INVALID where no image is in it, and what reading throws.
 */
export async function readInstances(
  source: ImageSource,
  digest: Digest,
  platforms: readonly Platform[] | undefined,
  signal: AbortSignal,
): Promise<SourceInstances> {
  const where = `${source.name}@${digest}`;
  const wanted = platforms && new Set(platforms.map(formatPlatform));
  const instances = new Map<string, SourceInstance>();
  let isPart = false;
  let isSingle = false;
  let manifests = 0;

  async function walk(
    child: Pick<Descriptor, 'digest' | 'platform' | 'annotations'>,
    depth: number,
  ): Promise<void> {
    manifests += 1;
    if (depth > MAX_DEPTH || manifests > MAX_MANIFESTS) throw tooLarge(where);
    if (isAttestation(child) || isUnwanted(child.platform)) {
      isPart = true;
      return;
    }
    const reference = { kind: 'digest', digest: child.digest } as const;
    const manifest = await source.readManifest(reference, signal);
    const name = `${source.name}@${child.digest}`;
    const content = parseManifest(manifest, name);
    if (content.kind === 'index') {
      for (const { platform = child.platform, ...grandchild } of content.manifests)
        await walk({ ...grandchild, ...(platform && { platform }) }, depth + 1);
      return;
    }
    isSingle = depth === 0;
    if (!IMAGE_CONFIGS.includes(content.config.mediaType)) {
      isPart = true;
      return;
    }
    const config = await readConfig(source, content.config, name, signal);
    const platform = platformOf(child.platform, config);
    if (!isSingle && isUnwanted(platform)) {
      isPart = true;
      return;
    }
    instances.set(`${child.digest} ${JSON.stringify(platform)}`, { manifest, config, platform });
  }

  function isUnwanted(platform: Readonly<Record<string, unknown>> | undefined): boolean {
    if (wanted === undefined || platform === undefined) return false;
    const { os, architecture } = platform;
    return !wanted.has(formatPlatform({ os: String(os), architecture: String(architecture) }));
  }

  await walk({ digest }, 0);
  if (instances.size === 0)
    throw platforms === undefined ? noImage(where) : notFound(where, platforms);
  return { instances: [...instances.values()], isPart, isSingle };
}

function isAttestation({
  platform,
  annotations,
}: Pick<Descriptor, 'platform' | 'annotations'>): boolean {
  const isUnknown = platform?.os === 'unknown' && platform.architecture === 'unknown';
  return isUnknown || annotations?.[ATTESTATION] !== undefined;
}

async function readConfig(
  source: ImageSource,
  blob: Descriptor,
  where: string,
  signal: AbortSignal,
): Promise<ExactJson> {
  if (blob.size > MANIFEST_LIMIT_BYTES) {
    throw new ControllerError('MANIFEST_INVALID', `${where} has a config of ${blob.size} bytes`, {
      remedy: 'wait-for-change',
      hint: `At most ${MANIFEST_LIMIT_BYTES} bytes are read; ask whoever made the image.`,
    });
  }
  await using body = await source.openBlob(blob, signal);
  const bytes = Buffer.concat(await Array.fromAsync(verified(body, blob)));
  return parseExactJson(bytes.toString('utf8'), `the config of ${where}`);
}

/** Of the index; else of the config; else what most images are for (spec, operator-catalogs, 5.2). */
function platformOf(named: Descriptor['platform'], config: ExactJson): Record<string, unknown> {
  const variant = textOf(config, 'variant');
  const platform = named ?? {
    architecture: textOf(config, 'architecture') || 'amd64',
    os: textOf(config, 'os') || 'linux',
    ...(variant === '' ? {} : { variant }),
  };
  return Object.fromEntries(Object.entries(platform).sort(([a], [b]) => compareText(a, b)));
}

function tooLarge(where: string): ControllerError {
  return new ControllerError(
    'MANIFEST_UNSUPPORTED',
    `${where} has more than ${MAX_MANIFESTS} manifests, or indexes nested more than ${MAX_DEPTH} deep`,
    { remedy: 'wait-for-change', hint: 'No image is like this; ask whoever made it.' },
  );
}

function noImage(where: string): ControllerError {
  return new ControllerError('MANIFEST_INVALID', `${where} has no container image`, {
    remedy: 'wait-for-change',
    hint: 'Check the reference: it is that of another artifact.',
  });
}

function notFound(where: string, platforms: readonly Platform[]): ControllerError {
  const names = platforms.map(formatPlatform).join(', ');
  return new ControllerError(
    'PLATFORM_NOT_FOUND',
    `no instances found for platform ${names} in ${where}`,
    {
      remedy: 'wait-for-change',
      hint: 'Requested platform(s) not found in the manifest list of the source; verify the platforms of its entry.',
    },
  );
}
