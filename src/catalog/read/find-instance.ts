import { z } from 'zod';
import { type Descriptor, isAttestation } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { MANIFEST_LIMIT_BYTES, type Manifest, parseManifest } from '../../oci/manifest.ts';
import { verified } from '../../oci/verified.ts';
import { catalogInvalid } from './catalog-invalid.ts';
import { LIMITS } from './limits.ts';

export const CONFIGS_LABEL = 'operators.operatorframework.io.index.configs.v1';
const DATABASE_LABEL = 'operators.operatorframework.io.index.database.v1';

/** The instance of a catalog image whose documents are read; all of them are taken to have the same (spec 2.3). */
export interface CatalogInstance {
  /** Without slashes at its ends. */
  readonly configsFolder: string;
  /** The lowest first, as the manifest has them. */
  readonly layers: readonly Descriptor[];
}

type ImageManifest = Extract<Manifest, { kind: 'image' }>;

const ImageConfig = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/**
 * The first image manifest in index order, and the folder that its label names.
 * @throws ControllerError CATALOG_INVALID where the image is no file-based catalog, and what the source throws
 */
export async function findInstance(
  source: ImageSource,
  digest: Digest,
  name: string,
  signal: AbortSignal,
): Promise<CatalogInstance> {
  const manifest = await firstImage(source, digest, name, signal);
  if (manifest.layers.length > LIMITS.layers) {
    throw catalogInvalid(
      `${name} has ${manifest.layers.length} layers`,
      `A catalog image has at most ${LIMITS.layers}: rebuild it.`,
    );
  }
  const labels = await readLabels(source, manifest.config, name, signal);
  return { configsFolder: configsFolderOf(labels, name), layers: manifest.layers };
}

async function firstImage(
  source: ImageSource,
  digest: Digest,
  name: string,
  signal: AbortSignal,
): Promise<ImageManifest> {
  let next = digest;
  for (let depth = 0; depth <= LIMITS.nestedIndexes; depth += 1) {
    const bytes = await source.readManifest({ kind: 'digest', digest: next }, signal);
    const manifest = parseManifest(bytes, name);
    if (manifest.kind === 'image') return manifest;
    const first = manifest.manifests.find((entry) => !isAttestation(entry));
    if (first === undefined) {
      throw catalogInvalid(`${name} is an index without images`, 'Push the catalog image again.');
    }
    next = first.digest;
  }
  throw catalogInvalid(
    `${name} has indexes in indexes, more than ${LIMITS.nestedIndexes} deep`,
    'Push the catalog as one index of its images.',
  );
}

async function readLabels(
  source: ImageSource,
  config: Descriptor,
  name: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const hint = 'Name a catalog image, not another artifact.';
  if (config.size > MANIFEST_LIMIT_BYTES) {
    throw catalogInvalid(`${name} has a config of ${config.size} bytes`, hint);
  }
  await using body = await source.openBlob(config, signal);
  const bytes = Buffer.concat(await Array.fromAsync(verified(body, config)));
  try {
    return ImageConfig.parse(JSON.parse(bytes.toString('utf8'))).config?.Labels ?? {};
  } catch (cause) {
    throw catalogInvalid(`${name} has a config that is none of an image`, hint, cause);
  }
}

function configsFolderOf(labels: Readonly<Record<string, string>>, name: string): string {
  const label = labels[CONFIGS_LABEL];
  if (label === undefined && labels[DATABASE_LABEL] !== undefined) {
    throw catalogInvalid(
      `${name} is a catalog of the old kind, with an SQLite database, which is not supported`,
      'Name a file-based catalog (OpenShift 4.11 and later have them), or convert this one with "opm migrate".',
    );
  }
  if (label === undefined) {
    throw catalogInvalid(
      `${name} is no operator catalog: it has no label ${CONFIGS_LABEL}`,
      'Name a catalog image; "opm generate dockerfile" writes a Containerfile that sets the label.',
    );
  }
  const parts = label.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..') || label.length > 1000 || label.includes('\0')) {
    throw catalogInvalid(
      `${name} has the label ${CONFIGS_LABEL} with ${JSON.stringify(label.slice(0, 200))}, which is no folder of documents`,
      'Put the documents into a folder such as /configs, and name it in the label.',
    );
  }
  return parts.join('/');
}
