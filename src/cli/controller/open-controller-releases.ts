import { join, resolve } from 'node:path';
import { ControllerError } from '../../base/controller-error.ts';
import type { Log } from '../../base/log.ts';
import { type KeyRing, okdKeysMissing, readKeyRing } from '../../release/signature/key-ring.ts';
import type { ReleaseSources } from '../../release/release-sources.ts';
import type { ReleaseEndpoints, ReleaseSettings } from '../../settings/settings.ts';
import { type FolderLimits, boundFolder } from '../../store/bound-folder.ts';
import { openWebClient } from '../../web/open-web-client.ts';
import { type ReleaseEnd, openReleaseSources } from '../open-release-sources.ts';

export interface ControllerReleasesOptions {
  readonly settings: ReleaseSettings;
  readonly stateFolder: string;
  /** Where relative names of files count from. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly log: Log;
}

/** Roomy: of a release about 25 KB are kept, of graph data and their image 2 MB. */
const FOLDER_LIMITS: FolderLimits = { bytes: 1024 ** 3, inUseMs: 60 * 60 * 1000 };

/** Where releases come from as the settings say (design.md, section 6, `releases`); to be disposed. */
export function openControllerReleases(
  options: ControllerReleasesOptions,
): ReleaseSources & AsyncDisposable {
  const { settings, stateFolder, environment, now, log } = options;
  const { okd, unsigned, graphDataUrl, graphBase, ...ocp } = settings;
  const web = openWebClient({ environment, log });
  const folder = join(stateFolder, 'releases');
  const sources = openReleaseSources(
    {
      ends: { ocp: endOf(ocp, 'releases', options), okd: endOf(okd, 'releases.okd', options) },
      ...{ unsigned: new Set(unsigned), graphDataUrl, graphBase },
      graphDataName: 'releases.graphDataUrl',
    },
    {
      graphs: join(folder, 'graphs'),
      keepGraphsAs: 'by-type',
      signatures: join(folder, 'signatures'),
      payloads: join(folder, 'payloads'),
      graphImage: join(folder, 'graph-image'),
    },
    { web, now },
  );
  return {
    ...sources,
    tidy: (signal) => boundFolder(folder, FOLDER_LIMITS, now().getTime(), signal),
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

function endOf(
  { graphUrl, signatureUrl, keysFile }: ReleaseEndpoints,
  setting: string,
  { cwd }: ControllerReleasesOptions,
): ReleaseEnd {
  const names = {
    graphUrl: `${setting}.graphUrl`,
    signatureUrl: `${setting}.signatureUrl`,
    keys: `${setting}.keysFile`,
  };
  const isOkd = setting === 'releases.okd';
  const readKeys = async (): Promise<KeyRing | ControllerError> => {
    if (isOkd && keysFile === undefined) return okdKeysMissing(names.keys);
    try {
      return await readKeyRing(keysFile === undefined ? undefined : resolve(cwd, keysFile));
    } catch (error) {
      if (error instanceof ControllerError) return error;
      throw error;
    }
  };
  return { graphUrl, signatureUrl, readKeys, hasKeys: !isOkd || keysFile !== undefined, names };
}
