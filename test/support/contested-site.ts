import { silentLog } from '../../src/base/log.ts';
import { silentProgress } from '../../src/mirror/progress-sink.ts';
import type { ImageSource, ImageTarget } from '../../src/oci/ends.ts';
import type { PassReport } from '../../src/reconcile/pass-report.ts';
import { lookAtHeads, reconcileOnce } from '../../src/reconcile/reconcile-once.ts';
import { verifyAndHeal } from '../../src/reconcile/verify-and-heal.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { createBlobLists } from '../../src/store/blob-lists.ts';
import { noReleases } from './no-releases.ts';
import { createManifestCache } from '../../src/store/manifest-cache.ts';
import type { MemoryGit } from './memory-git.ts';
import type { MemoryRegistry } from './memory-ends.ts';
import type { Actor } from './step-by-step.ts';

/** What controllers contend for: registries and a Git repository. */
export interface ContestedSite {
  readonly git: MemoryGit;
  readonly source: MemoryRegistry;
  readonly destination: MemoryRegistry;
  readonly clock: () => Date;
}

/** A controller as a new process makes it: no clone and no cache; each of its requests is a step of the actor. */
export interface SteppedController {
  /** One pass; `isVerify`: as the `verify` schedule makes it, the registry compared with the locks first. */
  pass(options?: { readonly isResync?: boolean; readonly isVerify?: boolean }): Promise<PassReport>;
}

export function startController(
  { git, source, destination, clock }: ContestedSite,
  settings: Settings,
  actor: Actor,
): SteppedController {
  const { signal } = new AbortController();
  const clone = git.clone((call) => actor.step(call));
  const step = (request: string): Promise<void> => actor.step(request);
  const dependencies = {
    settings,
    sourceGit: clone,
    manifestsGit: clone,
    ends: {
      reading: client((repository) => stepped(source.source(repository), step)),
      writing: client((repository) => stepped(destination.target(repository), step)),
      manifests: createManifestCache({ limitBytes: 1_000_000 }),
      openBlobLists: createBlobLists({}),
      catalogFolder: '/nowhere',
      openLayout: () => {
        throw new Error('no layouts here');
      },
    },
    releases: noReleases,
    progressOf: () => silentProgress,
    clock,
    log: silentLog,
    stopping: signal,
    pause: () => step('wait a while'),
  };
  return {
    async pass({ isResync = false, isVerify = false } = {}) {
      const heads = await lookAtHeads(dependencies, signal);
      const lost = isVerify ? await verifyAndHeal(dependencies, heads, signal) : new Map();
      return reconcileOnce(dependencies, heads, { isResync, lost }, signal);
    },
  };
}

function client(open: (repository: string) => ImageSource & ImageTarget): RegistryClient {
  return {
    source: ({ repository }) => open(repository),
    target: ({ repository }) => open(repository),
    listTags: () => Promise.resolve([]),
    checkAccess: () => Promise.resolve(),
    preflightPush: ({ host, repository }) =>
      Promise.resolve({ host, repository, credential: 'anonymous', mayDelete: 'unknown' }),
    sourceAccess: () => [],
    requestsByHost: new Map(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** An end whose every call waits for its turn first; that of an upload's content too. */
function stepped(
  end: ImageSource | ImageTarget,
  step: (request: string) => Promise<void>,
): ImageSource & ImageTarget {
  return new Proxy(end as ImageSource & ImageTarget, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return async (...parameters: unknown[]): Promise<unknown> => {
        await step(`${String(key)} ${target.name} ${textOf(parameters[0])}`);
        const result: unknown = await value.apply(target, parameters);
        if (key !== 'beginBlob' || result === undefined) return result;
        const upload = result as NonNullable<Awaited<ReturnType<ImageTarget['beginBlob']>>>;
        return {
          ...upload,
          async finish(content: AsyncIterable<Uint8Array>, signal: AbortSignal) {
            await step(`send to ${target.name}`);
            await upload.finish(content, signal);
          },
        };
      };
    },
  });
}

function textOf(parameter: unknown): string {
  if (typeof parameter === 'string') return parameter;
  const { tag, digest } = Object(parameter) as { tag?: string; digest?: string };
  return tag ?? digest ?? '';
}
