import { parseReference } from '../../oci/reference.ts';
import { OCP_GRAPH_URL, openGraphSource } from '../../release/graph/open-graph-source.ts';
import { openWebClient } from '../../web/open-web-client.ts';
import { parseWebUrl } from '../../web/web-url.ts';
import type { CommandIo } from '../io.ts';
import { makeLog } from '../make-log.ts';
import { formatErrorLine } from '../mirror/mirror-log.ts';
import { openClients } from '../open-clients.ts';
import { formatReleaseList, formatReleaseListJson } from './format-release-list.ts';
import { listReleases } from './list-releases.ts';
import type { ReleaseListCall } from './release-list-options.ts';

/** Where the payloads of all releases are (spec, releases-helm, 1.4). */
const PAYLOADS = 'quay.io/openshift-release-dev/ocp-release';
const REQUESTS = 8;

/**
 * `imageset list releases`: prints what there is.
 * @returns the exit code: 1 where an architecture has no releases; the others are printed.
 * @throws ControllerError before anything is printed.
 */
export async function releaseListCommand(
  call: ReleaseListCall,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const { environment } = io;
  const log = makeLog({
    level: call.logLevel,
    format: 'text',
    isTerminal: io.isTerminal.stderr,
    write: io.stderr,
  });
  const override = environment.UPDATE_URL_OVERRIDE ?? '';
  const url = parseWebUrl(override === '' ? OCP_GRAPH_URL : override, 'UPDATE_URL_OVERRIDE');
  await using web = openWebClient({ environment, log, retry: call.retry });
  const defaults = { retry: call.retry, requestsPerHost: REQUESTS, environment };
  await using clients = await openClients(call, defaults, log);
  const graphs = openGraphSource({
    ...{ web, urls: { ocp: url, okd: url } },
    ...{ folder: undefined, keepAs: 'by-type', freshness: 'now' },
  });
  const listed = await listReleases(
    call.request,
    { graphs, listTags: (tagSignal) => clients.reading.listTags(payloads(), tagSignal) },
    signal,
  );

  io.stdout(call.output === 'json' ? formatReleaseListJson(listed) : formatReleaseList(listed));
  if (listed.kind !== 'releases') return 0;
  const problems = listed.architectures.flatMap((one) => ('problem' in one ? [one.problem] : []));
  for (const { message, hint } of problems) {
    const more = hint === undefined ? '' : ` (${hint})`;
    io.stderr(formatErrorLine(`${message}${more}`, io.now()));
  }
  return problems.length === 0 ? 0 : 1;
}

function payloads(): { readonly registry: string; readonly repository: string } {
  const reference = parseReference(PAYLOADS);
  if (reference.kind !== 'registry') throw new Error(`${PAYLOADS} is a folder`);
  return reference;
}
