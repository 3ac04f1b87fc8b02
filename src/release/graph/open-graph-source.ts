import { randomUUID } from 'node:crypto';
import { ControllerError } from '../../base/controller-error.ts';
import { createSharedWork } from '../../registry/http/shared-work.ts';
import type { WebClient } from '../../web/web-client.ts';
import { shownUrl } from '../../web/web-url.ts';
import type { Freshness } from '../release-sources.ts';
import { type KeepAs, type KeptGraph, openKeptGraphs } from './kept-graphs.ts';
import {
  GRAPH_LIMIT_BYTES,
  graphInvalid,
  isChannelName,
  parseUpdateGraph,
} from './parse-update-graph.ts';
import type { GraphQuestion, GraphSource, ReleaseType, UpdateGraph } from './update-graph.ts';

/** Where the graphs of OpenShift are (spec, releases-helm, 1.1). */
export const OCP_GRAPH_URL = 'https://api.openshift.com/api/upgrades_info/v1/graph';
/** Where the graphs of OKD are. */
export const OKD_GRAPH_URL = 'https://origin-release.ci.openshift.org/graph';

export interface GraphSourceSettings {
  readonly web: WebClient;
  /** Query parameters of their own are kept. */
  readonly urls: Readonly<Record<ReleaseType, URL>>;
  /** Where answers are kept; made where it is missing. Undefined: nothing is kept. */
  readonly folder: string | undefined;
  readonly keepAs: KeepAs;
  readonly freshness: Freshness;
}

type Answered = { readonly graph: UpdateGraph } | { readonly error: ControllerError };

/**
 * Graphs from update services, answers kept in a folder (spec, releases-helm, 1.2 and 1.3). A failure is an answer, too:
 * whoever asks again hears it again.
 */
export function openGraphSource(settings: GraphSourceSettings): GraphSource {
  const { web, urls, freshness } = settings;
  const kept =
    settings.folder === undefined ? undefined : openKeptGraphs(settings.folder, settings.keepAs);
  const answeredByKey = new Map<string, Answered>();
  const asking = createSharedWork<Answered>();

  async function find(question: GraphQuestion, signal: AbortSignal): Promise<UpdateGraph> {
    checkNames(question);
    const url = urls[question.type];
    const where = `the graph of ${question.channel} (${question.architecture}) at ${shownUrl(url)}`;
    const known = await readKept(question, url, where, signal);
    if (known !== undefined && freshness === 'kept') return known.graph;

    const answer = await web.get(
      urlOf(url, question),
      {
        accept: 'application/json',
        limitBytes: GRAPH_LIMIT_BYTES,
        ...(known === undefined ? {} : { validators: known.validators }),
      },
      signal,
    );
    if (answer.kind === 'missing') throw graphInvalid(where, 'the server answered 404');
    if (answer.kind === 'unchanged') {
      if (known !== undefined) return known.graph;
      throw graphInvalid(where, 'the server answered 304 without having been told of an answer');
    }
    const graph = parseUpdateGraph(answer.body, where);
    await kept?.write(question, url, answer);
    return graph;
  }

  /** What is kept, if it is a graph. */
  async function readKept(
    question: GraphQuestion,
    url: URL,
    where: string,
    signal: AbortSignal,
  ): Promise<(KeptGraph & { readonly graph: UpdateGraph }) | undefined> {
    const found = await kept?.read(question, url, signal);
    if (found === undefined) return undefined;
    try {
      return { ...found, graph: parseUpdateGraph(found.body, where) };
    } catch {
      return undefined;
    }
  }

  return {
    async read(question, signal) {
      const key = `${question.type} ${question.architecture} ${question.channel}`;
      const answered =
        answeredByKey.get(key) ??
        (await asking.run(
          key,
          async (shared) => {
            const answer = await settled(find(question, shared), shared);
            answeredByKey.set(key, answer);
            return answer;
          },
          signal,
        ));
      if ('error' in answered) throw answered.error;
      return answered.graph;
    },
  };
}

async function settled(work: Promise<UpdateGraph>, signal: AbortSignal): Promise<Answered> {
  try {
    return { graph: await work };
  } catch (error) {
    if (signal.aborted || !(error instanceof ControllerError)) throw error;
    return { error };
  }
}

function urlOf(base: URL, { architecture, channel }: GraphQuestion): URL {
  const url = new URL(base);
  url.searchParams.set('arch', architecture);
  url.searchParams.set('channel', channel);
  url.searchParams.set('id', randomUUID());
  url.searchParams.sort();
  return url;
}

/** Both go into a URL and into the name of a file. */
function checkNames({ architecture, channel }: GraphQuestion): void {
  if (isChannelName(channel) && /^[0-9a-z]{1,30}$/.test(architecture)) return;
  const wrong = isChannelName(channel)
    ? `${JSON.stringify(architecture.slice(0, 100))} is no architecture`
    : `${JSON.stringify(channel.slice(0, 100))} is no name of a channel`;
  throw new ControllerError('RELEASE_SELECTION', wrong, {
    remedy: 'wait-for-change',
    hint: 'Names of channels have letters, digits, "-" and ".", like stable-4.18; architectures are amd64, arm64, ppc64le, s390x or multi.',
  });
}
