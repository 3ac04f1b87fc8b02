import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificateAuthority } from '../test/support/certificates.ts';
import {
  type LoggedRequest,
  type RunningDockerRegistry,
  startDockerRegistry,
} from '../test/support/docker-registry.ts';
import { makeMirrorSite } from '../test/support/mirror-site.ts';
import { type Measured, measureCommand } from './measure.ts';

/** Two docker-registry processes over TLS, a Git repository, and the controller run against them as a process. */
export interface QuietSite extends AsyncDisposable {
  readonly source: RunningDockerRegistry;
  readonly destination: RunningDockerRegistry;
  /** Commits image sets to the source branch: by path, what each wants of the source registry (`PATH:TAG`). */
  commit(files: Readonly<Record<string, readonly string[]>>): Promise<void>;
  /** Runs a command of the controller, and tells what it took and whom it asked. */
  measure(...command: readonly string[]): Promise<QuietRun>;
  removeState(): Promise<void>;
}

export interface QuietRun extends Measured {
  readonly sourceRequests: readonly LoggedRequest[];
  readonly destinationRequests: readonly LoggedRequest[];
}

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;
const HEAD =
  'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages:\n';

export async function openQuietSite(
  base: string,
  storage: { readonly source: string; readonly destination: string },
): Promise<QuietSite> {
  await using stack = new AsyncDisposableStack();
  await mkdir(join(base, 'certificates'), { recursive: true });
  const authority = await makeCertificateAuthority(join(base, 'certificates'));
  const tls = { ...(await authority.issueServer()), ca: authority.ca };
  const source = stack.use(await startDockerRegistry({ tls, storageFolder: storage.source }));
  const destination = stack.use(
    await startDockerRegistry({ tls, storageFolder: storage.destination }),
  );
  const site = stack.use(await makeMirrorSite());
  for (const { host } of [source, destination]) await site.trust(host, authority.ca);
  const flags = ['--source', site.git.url, '--destination', `docker://${destination.host}/site`];
  const owned = stack.move();
  return {
    source,
    destination,
    async commit(files) {
      const entry = (image: string): string => `    - name: ${source.host}/${image}\n`;
      const texts = Object.entries(files).map(([path, images]) => [
        path,
        HEAD + images.map(entry).join(''),
      ]);
      await site.git.commit('main', Object.fromEntries(texts) as Record<string, string>);
    },
    async measure(...command) {
      const before = await Promise.all([source.requests(), destination.requests()]);
      const line = [process.execPath, MAIN, ...command, ...flags, '--state', site.stateFolder];
      const measured = await measureCommand(line.join(' '), {
        ...process.env,
        ...site.environment,
      });
      const after = await Promise.all([source.requests(), destination.requests()]);
      return {
        ...measured,
        sourceRequests: after[0].slice(before[0].length),
        destinationRequests: after[1].slice(before[1].length),
      };
    },
    removeState: () => site.removeState(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
