import type { Store } from '../open-store.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import { listCatalog, listReferrers, listTags } from './lists.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { type Asked, type Reply, failure, json } from './reply.ts';
import { type Route, parseRoute } from './route.ts';
import type { Uploads } from './uploads.ts';

/** What the API is served from. */
export interface Served {
  readonly store: Store;
  readonly uploads: Uploads;
  readonly readOnly: boolean;
}

type Handler = () => Promise<Reply> | Reply;

/** Answers a request of the OCI distribution API 1.1. `path` is without the query, as it arrived. */
export async function handleRequest(served: Served, path: string, asked: Asked): Promise<Reply> {
  const route = parseRoute(path);
  if (route.kind === 'none') return route.reply;
  const handlers = handlersOf(served, route, asked);
  const handler = handlers[asked.method];
  if (handler === undefined) return unsupported(Object.keys(handlers));
  const isWrite = asked.method !== 'GET' && asked.method !== 'HEAD';
  if (served.readOnly && isWrite) return unsupported(['GET', 'HEAD']);
  return handler();
}

function handlersOf(
  { store, uploads }: Served,
  route: Exclude<Route, { kind: 'none' }>,
  asked: Asked,
): Partial<Record<string, Handler>> {
  switch (route.kind) {
    case 'ping':
      return reading(() => json(200, {}));
    case 'catalog':
      return reading(() => listCatalog(store, asked));
    case 'tags':
      return reading(() => listTags(store.repository(route.repository), asked));
    case 'referrers':
      return reading(() => listReferrers(store.repository(route.repository), route.digest, asked));
    case 'manifest': {
      const repository = store.repository(route.repository);
      return {
        ...reading(() => getManifest(repository, route.reference)),
        PUT: () => putManifest(repository, route.reference, asked),
        DELETE: () => deleteManifest(repository, route.reference),
      };
    }
    case 'blob': {
      const repository = store.repository(route.repository);
      return {
        GET: () => getBlob(repository, route.digest, asked.headers.range),
        HEAD: () => getBlob(repository, route.digest, undefined),
        DELETE: () => deleteBlob(repository, route.digest),
      };
    }
    case 'uploads':
      return { POST: () => uploads.begin(route.repository, asked) };
    case 'upload':
      return {
        GET: () => uploads.status(route.repository, route.id),
        PATCH: () => uploads.append(route.repository, route.id, asked),
        PUT: () => uploads.finish(route.repository, route.id, asked),
        DELETE: () => uploads.cancel(route.repository, route.id),
      };
    default:
      return route satisfies never;
  }
}

function reading(handler: Handler): { GET: Handler; HEAD: Handler } {
  return { GET: handler, HEAD: handler };
}

function unsupported(methods: readonly string[]): Reply {
  return failure(405, 'UNSUPPORTED', 'The operation is unsupported.', {
    headers: { allow: methods.join(', ') },
  });
}
