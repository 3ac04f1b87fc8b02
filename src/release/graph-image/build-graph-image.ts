import { addLayers } from '../../built/add-layers.ts';
import { findBuilt, recordBuilt } from '../../built/build-record.ts';
import { openBuiltImage } from '../../built/built-image.ts';
import { type ExactJson, exactJson, fieldOf, withField } from '../../built/exact-json.ts';
import { readInstances } from '../../built/source-instances.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import type { BuiltGraphImage, GraphData } from './graph-image.ts';
import { buildGraphLayer } from './graph-layer.ts';

export interface BuildGraphImageOptions {
  /** Where the image is that the data go on top of. */
  readonly base: ImageSource;
  readonly baseDigest: Digest;
  readonly data: GraphData;
  /** Keeps what was built; can be thrown away at any time. */
  readonly folder: string;
}

/** Counts the ways in which we build: with another layer, command or compressor equal inputs give another image. */
const FORMAT = 1;
/** The layers of the base are at the base. */
const OWN_LAYERS = 1;
/** How the operator of update services has the data copied to where its graph builder looks (spec, releases-helm, 4.1). */
const COMMAND = [
  '/bin/bash',
  '-c',
  'exec cp -rp /var/lib/cincinnati-graph-data/* /var/lib/cincinnati/graph-data',
];

/**
 * Builds the graph image: each instance of the base with the graph data on top, under an index; a base that is a single
 * image gives an index of one (spec, releases-helm, 4.1). A pure function of base and data: of equal ones nothing is built
 * again.
 * @throws ControllerError GRAPH_DATA_INVALID, MANIFEST_INVALID, STORE_UNAVAILABLE, and what the base throws
 */
export async function buildGraphImage(
  { base, baseDigest, data, folder }: BuildGraphImageOptions,
  signal: AbortSignal,
): Promise<BuiltGraphImage> {
  const image = openBuiltImage(folder, base);
  const inputs = digestOf(
    Buffer.from(JSON.stringify({ graphImage: FORMAT, base: baseDigest, data: data.digest })),
  );
  const built = await findBuilt(folder, inputs, OWN_LAYERS, signal);
  if (built !== undefined) return { digest: built, image };
  const { instances } = await readInstances(base, baseDigest, undefined, signal);
  const layers = [await buildGraphLayer(data, folder, signal)];
  const added = { instances, sourceName: base.name, layers, changeConfig: withCommand, folder };
  const digest = await addLayers(added, signal);
  await recordBuilt(folder, inputs, digest, signal);
  return { digest, image };
}

function withCommand(config: ExactJson): ExactJson {
  const settings = withField(fieldOf(config, 'config'), 'Cmd', exactJson(COMMAND));
  return withField(config, 'config', settings);
}
