import { LayerFault } from '../../layer/layer-fault.ts';
import { markOf } from '../../layer/layer-path.ts';
import { streamLayer } from '../../layer/stream-layer.ts';
import { type TarListener, createTarReader } from '../../layer/tar-reader.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { PAYLOAD_LIMITS } from './limits.ts';
import { PayloadFault } from './payload-fault.ts';

const FOLDER = 'release-manifests';
const IMAGE_REFERENCES = 'image-references';
const WANTED = {
  [IMAGE_REFERENCES]: PAYLOAD_LIMITS.imageReferencesBytes,
  'release-metadata': PAYLOAD_LIMITS.otherFileBytes,
  '0000_50_installer_coreos-bootimages.yaml': PAYLOAD_LIMITS.otherFileBytes,
} as const;
type WantedFile = keyof typeof WANTED;
const WANTED_FILES = Object.keys(WANTED) as WantedFile[];

/** A file of the folder: its bytes, or how many it has where these are more than are read. */
export type ManifestFile = Buffer | { readonly bytes: number };

export interface ReleaseManifests {
  readonly imageReferences: Buffer;
  readonly releaseMetadata: ManifestFile | undefined;
  readonly bootImages: ManifestFile | undefined;
}

/**
 * Reads of the folder `release-manifests` what is of use, the uppermost layer first. No layer is read below that with
 * image-references: a release is built by adding the whole folder as one layer, and the layers below are those of the
 * cluster-version operator, hundreds of megabytes. Layers are read to their end, since only then is the digest known.
 *
 * @param layers the lowest first
 * @throws PayloadFault, ControllerError BLOB_CORRUPT, and what the source throws
 */
export async function readReleaseManifests(
  layers: readonly Descriptor[],
  source: ImageSource,
  signal: AbortSignal,
): Promise<ReleaseManifests> {
  const visible = new Map<WantedFile, ManifestFile>();
  const hidden = new Set<WantedFile>();
  for (const layer of layers.toReversed()) {
    const content = await readLayer(layer, hidden, source, signal);
    for (const [name, file] of content.files) visible.set(name, file);
    for (const name of content.hides) hidden.add(name);
    if (hidden.has(IMAGE_REFERENCES)) break;
  }
  const imageReferences = visible.get(IMAGE_REFERENCES);
  if (!Buffer.isBuffer(imageReferences)) {
    throw new PayloadFault(`it has no file ${FOLDER}/${IMAGE_REFERENCES}`, {
      hint: 'It is no release payload. Name the image of a release, not one of its components.',
    });
  }
  return {
    imageReferences,
    releaseMetadata: visible.get('release-metadata'),
    bootImages: visible.get('0000_50_installer_coreos-bootimages.yaml'),
  };
}

interface LayerContent {
  readonly files: ReadonlyMap<WantedFile, ManifestFile>;
  /** Of what the layers below have under these names nothing is seen: it is here, or taken away. */
  readonly hides: ReadonlySet<WantedFile>;
}

async function readLayer(
  layer: Descriptor,
  hidden: ReadonlySet<WantedFile>,
  source: ImageSource,
  signal: AbortSignal,
): Promise<LayerContent> {
  const collected = collect(hidden);
  const reader = createTarReader(collected);
  try {
    const take = (chunk: Uint8Array): void => {
      reader.feed(chunk);
    };
    await streamLayer(layer, source, take, signal);
    reader.finish();
  } catch (error) {
    if (!(error instanceof LayerFault)) throw error;
    throw new PayloadFault(`layer ${layer.digest} cannot be read: ${error.message}`, {
      cause: error,
    });
  }
  return collected;
}

/** Takes the wanted files out of one layer; those that are `hidden` by the layers above are passed over. */
function collect(hidden: ReadonlySet<WantedFile>): TarListener & LayerContent {
  const files = new Map<WantedFile, ManifestFile>();
  const hides = new Set<WantedFile>();
  let open: { readonly name: WantedFile; readonly chunks: Buffer[] } | undefined;

  return {
    ...{ files, hides },
    entry({ path, kind, size }) {
      const mark = markOf(path, kind, FOLDER);
      if (mark === undefined) return false;
      if (mark.kind === 'hides-all') {
        for (const name of WANTED_FILES) hides.add(name);
        return false;
      }
      // What is below a file's name makes a directory of it.
      const name = WANTED_FILES.find((one) => mark.path === one || mark.path.startsWith(`${one}/`));
      if (name === undefined) return false;
      hides.add(name);
      if (mark.kind === 'whiteout' || mark.kind === 'opaque') return false;
      // Of two entries with one name the later counts.
      files.delete(name);
      if (mark.kind !== 'file' || mark.path !== name || hidden.has(name)) return false;
      if (size > WANTED[name]) {
        files.set(name, tooLarge(name, size));
        return false;
      }
      open = { name, chunks: [] };
      return true;
    },
    data(bytes) {
      open?.chunks.push(Buffer.from(bytes));
    },
    end() {
      if (open !== undefined) files.set(open.name, Buffer.concat(open.chunks));
      open = undefined;
    },
  };
}

function tooLarge(name: WantedFile, size: number): ManifestFile {
  if (name !== IMAGE_REFERENCES) return { bytes: size };
  throw new LayerFault(`${name} has ${size} bytes, more than the ${WANTED[name]} that are read`);
}
