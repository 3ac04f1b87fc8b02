import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { openGitRepository } from '../../src/git/git-repository.ts';
import { silentProgress } from '../../src/mirror/progress-sink.ts';
import type { PassReport } from '../../src/reconcile/pass-report.ts';
import { lookAtHeads, reconcileOnce } from '../../src/reconcile/reconcile-once.ts';
import {
  NO_REGISTRIES_CONF,
  type RegistriesConf,
} from '../../src/registry/conf/registries-conf.ts';
import { createTransport } from '../../src/registry/connect-transport.ts';
import { createRegistryClient } from '../../src/registry/create-registry-client.ts';
import type { EndSettings } from '../../src/registry/end-settings.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';
import { settingsFromFlags } from '../../src/settings/settings-from-flags.ts';
import { createBlobLists } from '../../src/store/blob-lists.ts';
import { noReleases } from './no-releases.ts';
import { createManifestCache } from '../../src/store/manifest-cache.ts';
import { endSettings } from './end-settings.ts';
import { type GitFixture, ISOLATED_GIT, makeGitRepository } from './git-fixture.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface PassOptions {
  readonly source?: Partial<EndSettings>;
  readonly destination?: Partial<EndSettings>;
  readonly registriesConf?: RegistriesConf;
}

export interface WorldPass extends PassReport {
  /** The pauses before retries, milliseconds, in their order. None of them was waited for. */
  readonly pauses: readonly number[];
}

/** A Git repository and a state folder, and passes of a controller on them inside this process, in no time. */
export interface PassWorld extends AsyncDisposable {
  readonly git: GitFixture;
  /** One pass with ends of its own, as a new process makes it; throws where it could not be made. */
  pass(options?: PassOptions): Promise<WorldPass>;
  /** The files of the manifests branch: path ⇒ object id; undefined where there is no such branch. */
  published(): Promise<Record<string, string> | undefined>;
}

const RETRIES = 5;

/** @param destination `127.0.0.1:PORT` */
export async function makePassWorld(destination: string): Promise<PassWorld> {
  const folder = await temporaryFolder();
  const git = await makeGitRepository(join(folder.path, 'repository.git'));
  const settings = settingsFromFlags({
    source: git.url,
    destination: `docker://${destination}/site`,
  });
  const environment = { PATH: process.env.PATH, HOME: folder.path, ...ISOLATED_GIT };

  return {
    git,
    async pass(options = {}) {
      const { signal } = new AbortController();
      const pauses: number[] = [];
      const open = (overrides: Partial<EndSettings> = {}): RegistryClient => {
        const end = {
          ...{ tlsVerify: false, credentials: { kind: 'none' } as const, environment: {} },
          ...{ retry: { times: RETRIES, delayMs: 0 }, requestsPerHost: 24 },
          ...overrides,
        };
        const transport = createTransport(endSettings(end), silentLog, {
          sleep(ms, sleepSignal) {
            pauses.push(ms);
            sleepSignal.throwIfAborted();
            return Promise.resolve();
          },
        });
        const registriesConf = options.registriesConf ?? NO_REGISTRIES_CONF;
        return createRegistryClient({ transport, registriesConf, log: silentLog });
      };
      await using reading = open(options.source);
      await using writing = open(options.destination);
      const repository = await openGitRepository(
        {
          folder: join(folder.path, 'state.git'),
          remote: settings.source,
          environment,
          log: silentLog,
        },
        signal,
      );
      const dependencies = {
        settings,
        sourceGit: repository,
        manifestsGit: repository,
        ends: {
          reading,
          writing,
          manifests: createManifestCache({
            folder: join(folder.path, 'manifests'),
            limitBytes: 100_000_000,
          }),
          openBlobLists: createBlobLists({ file: join(folder.path, 'blobs.json') }),
          catalogFolder: '/nowhere',
          openLayout: () => {
            throw new Error('no layouts here');
          },
        },
        releases: noReleases,
        progressOf: () => silentProgress,
        clock: () => new Date('2026-01-16T11:15:20Z'),
        log: silentLog,
        stopping: signal,
      };
      const heads = await lookAtHeads(dependencies, signal);
      const report = await reconcileOnce(dependencies, heads, { isResync: false }, signal);
      for (const { error } of report.errors) throw error;
      return { ...report, pauses };
    },
    async published() {
      const head = await git.git([
        'for-each-ref',
        '--format=%(objectname)',
        'refs/heads/manifests',
      ]);
      if (head === '') return undefined;
      const lines = (await git.git(['ls-tree', '-r', head])).split('\n');
      return Object.fromEntries(
        lines.map((line) => {
          const [meta = '', path = ''] = line.split('\t');
          return [path, meta.split(' ')[2] ?? ''];
        }),
      );
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
