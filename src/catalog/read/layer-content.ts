import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { type Digest, digestTag } from '../../oci/digest.ts';
import { readCheckedFile, writeCheckedFile } from '../../store/checked-file.ts';
import type { FileFault, ScannedDocument } from './document-scanner.ts';
import type { LayerMark } from '../../layer/layer-path.ts';

/** A file of the folder in one layer. Its bytes are in the content file of the layer, at `start`. */
export interface LayerFile {
  readonly path: string;
  readonly start: number;
  readonly size: number;
  readonly syntax: 'json' | 'yaml';
  readonly documents: readonly ScannedDocument[];
  /** Why it cannot be read; that counts only if the file is not hidden. */
  readonly fault?: FileFault;
}

/** What one layer holds of the folder of the configs. */
export interface LayerContent {
  /** Names its files in the cache. */
  readonly key: string;
  /** Of its content file, bytes; 0: there is none. */
  readonly bytes: number;
  readonly files: readonly LayerFile[];
  /** What hides files of the layers below, its own files aside. */
  readonly marks: readonly Exclude<LayerMark, { kind: 'file' | 'hides-all' }>[];
  /** Nothing of the layers below is seen. */
  readonly hidesAll: boolean;
}

/** What a layer holds depends on the folder too. */
export function layerKey(digest: Digest, configsFolder: string): string {
  const folder = createHash('sha256').update(configsFolder).digest('hex').slice(0, 16);
  return `${digestTag(digest)}-${folder}`;
}

/** The file with the documents of a layer, one after another. */
export function contentFile(folder: string, key: string): string {
  return join(folder, 'layers', `${key}.content`);
}

/** What was remembered of a layer, if it was. */
export async function loadLayer(
  folder: string,
  key: string,
  signal: AbortSignal,
): Promise<LayerContent | undefined> {
  const bytes = await readCheckedFile(layerFile(folder, key), 'catalog layer 1', signal);
  // It was written by saveLayer: the checksum says so.
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as LayerContent);
}

/** Call it when the content file has its name. */
export async function saveLayer(folder: string, layer: LayerContent): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(layer));
  await writeCheckedFile(layerFile(folder, layer.key), 'catalog layer 1', bytes);
}

function layerFile(folder: string, key: string): string {
  return join(folder, 'layers', `${key}.layer`);
}
