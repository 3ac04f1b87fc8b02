import { z } from 'zod';
import { ControllerError } from '../../base/controller-error.ts';
import { withoutQueries } from '../../registry/http/without-queries.ts';
import { parseReleaseVersion } from './release-version.ts';
import type { ConditionalEdge, ReleaseNode, UpdateGraph } from './update-graph.ts';

/** Most bytes of a graph; the largest channels have a few MiB. */
export const GRAPH_LIMIT_BYTES = 64 * 1024 * 1024;
/** Most lists and objects in it: each costs memory, however few bytes it has. */
const MOST_VALUES = 1_000_000;
const MOST_SHOWN = 100;
const CHANNELS_KEY = 'io.openshift.upgrades.graph.release.channels';
/** Channel names as update services have them, and the upper case that some files use (spec, releases-helm, 1.2). */
const CHANNEL = /^[0-9a-zA-Z\-.]{1,200}$/;

const Payload = z.string().regex(/^[!-~]{1,1024}$/, 'is no reference');
const Metadata = z.record(z.string(), z.string());
const Node = z.object({ version: z.string(), payload: Payload, metadata: Metadata.nullish() });
const Edge = z.tuple([z.int(), z.int()]);
const Conditional = z.object({
  edges: z.array(z.object({ from: z.string(), to: z.string() })),
  risks: z.array(z.object({ name: z.string() })),
});
// Go writes null for an empty list.
const Graph = z.object({
  nodes: z.array(z.unknown()).nullable(),
  edges: z.array(z.unknown()).nullish(),
  conditionalEdges: z.array(z.unknown()).nullish(),
});

/** Whether a name can be a channel's: it goes into URLs and names of files. */
export function isChannelName(name: string): boolean {
  return CHANNEL.test(name);
}

/**
 * Reads the answer of an update service (spec, releases-helm, 1.3). Fields that nobody knows are left out; one wrong
 * version makes the whole graph unreadable. A release that is there twice is one; conditional updates of releases
 * that the channel does not have are dropped.
 * @param where what it is the graph of, for messages.
 * @throws ControllerError UPDATE_GRAPH_INVALID
 */
export function parseUpdateGraph(bytes: Uint8Array, where: string): UpdateGraph {
  const refuse = (reason: string): ControllerError => graphInvalid(where, reason);
  const checked = <T>(schema: z.ZodType<T>, value: unknown, place: string): T => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const path = (issue?.path ?? []).map((part) => `.${String(part)}`).join('');
    throw refuse(shown(`${place}${path}: ${issue?.message ?? 'is wrong'}`));
  };

  const graph = checked(Graph, parseJson(bytes, refuse), 'the graph');
  const { nodes, indexes } = readNodes(graph.nodes ?? [], checked, refuse);
  const edges = (graph.edges ?? []).map((value, at): readonly [number, number] => {
    const place = `edges[${at}]`;
    const [from, to] = checked(Edge, value, place).map((index) => indexes[index]);
    if (from === undefined || to === undefined)
      throw refuse(`${place} names a node that is not there`);
    return [from, to];
  });
  const versions = new Set(nodes.map(({ version }) => version));
  const conditionalEdges: ConditionalEdge[] = [];
  for (const [at, value] of (graph.conditionalEdges ?? []).entries()) {
    const group = checked(Conditional, value, `conditionalEdges[${at}]`);
    const risks = group.risks.map(({ name }) => shown(name));
    for (const { from, to } of group.edges) {
      if (versions.has(from) && versions.has(to)) conditionalEdges.push({ from, to, risks });
    }
  }
  return { nodes, edges, conditionalEdges };
}

/** The nodes, each release once, and where each index of the answer is found among them. */
function readNodes(
  values: readonly unknown[],
  checked: <T>(schema: z.ZodType<T>, value: unknown, place: string) => T,
  refuse: (reason: string) => ControllerError,
): { readonly nodes: readonly ReleaseNode[]; readonly indexes: readonly number[] } {
  const nodes: ReleaseNode[] = [];
  const indexByVersion = new Map<string, number>();
  const indexes = values.map((value, at) => {
    const { version, payload, metadata } = checked(Node, value, `nodes[${at}]`);
    if (parseReleaseVersion(version) === undefined) {
      throw refuse(`nodes[${at}] has the version "${shown(version)}", which is no SemVer`);
    }
    const known = indexByVersion.get(version);
    if (known !== undefined) {
      if (nodes[known]?.payload === payload) return known;
      throw refuse(`there are two releases ${version} with different payloads`);
    }
    indexByVersion.set(version, nodes.length);
    return nodes.push({ version, payload, channels: channelsOf(metadata ?? {}) }) - 1;
  });
  return { nodes, indexes };
}

function channelsOf(metadata: Readonly<Record<string, string>>): string[] {
  const names = Object.hasOwn(metadata, CHANNELS_KEY) ? (metadata[CHANNELS_KEY] ?? '') : '';
  return names
    .split(',')
    .map((name) => name.trim())
    .filter(isChannelName);
}

function parseJson(bytes: Uint8Array, refuse: (reason: string) => ControllerError): unknown {
  if (bytes.byteLength > GRAPH_LIMIT_BYTES) {
    throw refuse(`it has more than ${GRAPH_LIMIT_BYTES} bytes`);
  }
  let values = 0;
  for (const byte of bytes) if (byte === 0x5b || byte === 0x7b) values += 1;
  if (values > MOST_VALUES) throw refuse(`it has more than ${MOST_VALUES} lists and objects`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw refuse(isWebPage(bytes) ? 'it is a web page, not JSON' : 'it is not JSON');
  }
}

function isWebPage(bytes: Uint8Array): boolean {
  return /^\s*</.test(Buffer.from(bytes.subarray(0, 200)).toString('latin1'));
}

export function graphInvalid(where: string, reason: string): ControllerError {
  return new ControllerError('UPDATE_GRAPH_INVALID', `${where} is no update graph: ${reason}`, {
    remedy: 'retry-later',
    hint: 'Check what answers at that URL: releases.graphUrl in the settings, UPDATE_URL_OVERRIDE for mirror.',
  });
}

function shown(text: string): string {
  const clean = withoutQueries(text.slice(0, 4 * MOST_SHOWN));
  return clean.length > MOST_SHOWN ? `${clean.slice(0, MOST_SHOWN)}…` : clean;
}
