import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type SeenRequest, startLoopbackServer } from '../loopback-server.ts';
import { type ChannelGraph, type GraphNode, graphDocument } from './graph-document.ts';

/** Each type has an update service and a signature store of its own. */
export type ServiceType = 'ocp' | 'okd';
export type ServicePart = 'graph' | 'okd-graph' | 'graph-data' | 'signatures' | 'okd-signatures';
/** A status; or the connection is closed at once; or nothing is ever answered. */
export type ServiceFailure = number | 'drop' | 'stall';

/** The servers that releases are found with, on loopback: update graphs, graph data, signatures. */
export interface UpdateService extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly graphUrl: string;
  readonly okdGraphUrl: string;
  readonly graphDataUrl: string;
  /** With a slash at its end. */
  readonly signatureUrl: string;
  readonly okdSignatureUrl: string;
  /** All requests so far. */
  readonly seen: readonly SeenRequest[];
  /** The URLs of requests to one part, without the origin. */
  requests(part: ServicePart): string[];
  /** The graph of OCP of an architecture and channel; a text is sent as it is. */
  setGraph(architecture: string, channel: string, graph: ChannelGraph | string): void;
  /** OKD's service has all nodes in every channel; a channel has edges of its own. */
  setOkdGraph(channel: string, graph: ChannelGraph | string): void;
  /** The signatures of a payload: `signature-1`, `signature-2`, …. None: they are gone. */
  setSignatures(digest: string, signatures: readonly Uint8Array[], type?: ServiceType): void;
  setGraphData(bytes: Uint8Array): void;
  /** Undefined: it works again. */
  fail(part: ServicePart, failure: ServiceFailure | undefined): void;
}

const PATHS: Readonly<Record<ServicePart, string>> = {
  graph: '/api/upgrades_info/v1/graph',
  'okd-graph': '/okd/graph',
  'graph-data': '/graph-data',
  signatures: '/signatures/',
  'okd-signatures': '/okd/signatures/',
};
const PARTS = Object.keys(PATHS) as ServicePart[];
const SIGNATURE = /^(sha256=[0-9a-f]{64})\/signature-([1-9])$/;
const EMPTY: ChannelGraph = { nodes: [] };

export async function openUpdateService(): Promise<UpdateService> {
  const graphs = new Map<string, ChannelGraph | string>();
  const okdGraphs = new Map<string, ChannelGraph | string>();
  const signatures = new Map<string, readonly Uint8Array[]>();
  const failures = new Map<ServicePart, ServiceFailure>();
  let graphData: Uint8Array | undefined;

  function answer(request: SeenRequest, response: ServerResponse): void {
    const part = partOf(request.url);
    if (part === undefined) {
      send(response, 404, 'there is nothing');
      return;
    }
    const failure = failures.get(part);
    if (failure === 'stall') return;
    if (failure === 'drop') response.socket?.destroy();
    else if (failure !== undefined) send(response, failure, 'it fails');
    else if (part === 'graph' || part === 'okd-graph') answerGraph(part, request, response);
    else if (part === 'graph-data') found(request, response, graphData, 'application/octet-stream');
    else {
      const [, name = '', number] =
        SIGNATURE.exec(pathOf(request.url).slice(PATHS[part].length)) ?? [];
      const bytes = signatures.get(`${part} ${name}`)?.[Number(number) - 1];
      found(request, response, bytes, 'application/octet-stream');
    }
  }

  function answerGraph(
    part: 'graph' | 'okd-graph',
    request: SeenRequest,
    response: ServerResponse,
  ): void {
    const { searchParams } = new URL(request.url, 'http://localhost');
    const channel = searchParams.get('channel') ?? '';
    const architecture = searchParams.get('arch') ?? 'amd64';
    const { accept = '' } = request.headers;
    if (!/application\/json|\*\/\*/.test(accept)) {
      refuse(response, 406, 'invalid_content_type', 'application/json is all there is');
    } else if (channel === '') {
      refuse(response, 400, 'missing_params', "mandatory client parameters missing: 'channel'");
    } else if (!/^[0-9a-z\-.]+$/.test(channel)) {
      refuse(response, 400, 'invalid_params', "invalid client parameters: 'channel'");
    } else if (!/^[0-9a-z]+$/.test(architecture)) {
      refuse(response, 400, 'invalid_params', "invalid client parameters: 'arch'");
    } else {
      const graph =
        part === 'graph'
          ? (graphs.get(`${architecture} ${channel}`) ?? EMPTY)
          : okdGraph(okdGraphs, channel);
      const text = typeof graph === 'string' ? graph : graphDocument(graph);
      found(request, response, Buffer.from(text), 'application/json');
    }
  }

  const server = await startLoopbackServer(answer);
  const url = (part: ServicePart): string => server.origin + PATHS[part];
  return {
    host: server.host,
    graphUrl: url('graph'),
    okdGraphUrl: url('okd-graph'),
    graphDataUrl: url('graph-data'),
    signatureUrl: url('signatures'),
    okdSignatureUrl: url('okd-signatures'),
    seen: server.seen,
    requests: (part) => server.seen.map((one) => one.url).filter((each) => partOf(each) === part),
    setGraph: (architecture, channel, graph) =>
      void graphs.set(`${architecture} ${channel}`, graph),
    setOkdGraph: (channel, graph) => void okdGraphs.set(channel, graph),
    setSignatures(digest, list, type = 'ocp') {
      const part = type === 'ocp' ? 'signatures' : 'okd-signatures';
      signatures.set(`${part} ${digest.replace(':', '=')}`, list);
    },
    setGraphData(bytes) {
      graphData = bytes;
    },
    fail(part, failure) {
      if (failure === undefined) failures.delete(part);
      else failures.set(part, failure);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** All nodes of all channels, and the edges of one (spec, releases-helm, 1.9). */
function okdGraph(
  graphs: ReadonlyMap<string, ChannelGraph | string>,
  channel: string,
): ChannelGraph | string {
  const asked = graphs.get(channel) ?? EMPTY;
  if (typeof asked === 'string') return asked;
  const nodes = new Map<string, GraphNode>();
  for (const graph of graphs.values()) {
    if (typeof graph === 'string') continue;
    for (const node of graph.nodes) nodes.set(node.version, node);
  }
  return { ...asked, nodes: [...nodes.values()] };
}

function partOf(url: string): ServicePart | undefined {
  const path = pathOf(url);
  return PARTS.find((part) =>
    PATHS[part].endsWith('/') ? path.startsWith(PATHS[part]) : path === PATHS[part],
  );
}

function pathOf(url: string): string {
  return url.split('?')[0] ?? '';
}

function found(
  { headers }: SeenRequest,
  response: ServerResponse,
  bytes: Uint8Array | undefined,
  type: string,
): void {
  if (bytes === undefined) {
    send(response, 404, 'there is nothing');
    return;
  }
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
  if (headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
  else response.writeHead(200, { etag, 'content-type': type }).end(bytes);
}

function refuse(response: ServerResponse, status: number, kind: string, value: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind, value }));
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}
