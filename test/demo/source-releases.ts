import { pushImage } from '../support/push-image.ts';
import { makeGraphBase } from '../support/releases/graph-base.ts';
import { makeGraphDataArchive } from '../support/releases/graph-data-archive.ts';
import { type MadeRelease, makeRelease } from '../support/releases/make-release.ts';
import { pushRelease } from '../support/releases/push-release.ts';
import { signRelease } from '../support/releases/sign-release.ts';
import { makeSigningKey } from '../support/releases/signing-key.ts';
import { type UpdateService, openUpdateService } from '../support/releases/update-service.ts';

const MIB = 1024 * 1024;

/** The channel that has them. */
const CHANNEL = 'stable-4.18';

/** Two releases at the source, the second an update of the first, and the servers that know of them. */
export interface DemoReleases extends AsyncDisposable {
  readonly old: MadeRelease;
  readonly new: MadeRelease;
  readonly service: UpdateService;
  /** What the graph image is built on, at the source. */
  readonly graphBase: string;
  /** The public key of the signatures, ASCII-armoured. */
  readonly keys: string;
}

/** Puts two signed releases of OpenShift's format to a registry, and serves their update graph, graph data and signatures. */
export async function openDemoReleases(registry: {
  readonly url: string;
  readonly host: string;
}): Promise<DemoReleases> {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(await openUpdateService());
  const key = makeSigningKey('demo');
  const releases: [MadeRelease, MadeRelease] = [
    await demoRelease('4.18.1', registry.host),
    await demoRelease('4.18.2', registry.host),
  ];
  for (const release of releases) {
    await pushRelease(registry, release);
    const { digest, tagged: reference } = release;
    service.setSignatures(digest, [signRelease({ digest, reference, key })]);
  }
  service.setGraph('amd64', CHANNEL, {
    nodes: releases.map(({ version, reference }) => ({
      ...{ version, payload: reference },
      metadata: { 'io.openshift.upgrades.graph.release.channels': CHANNEL },
    })),
    edges: [['4.18.1', '4.18.2']],
  });
  service.setGraphData(await makeGraphDataArchive());
  await pushImage(registry, 'ubi9/ubi', await makeGraphBase(), 'latest');
  const owned = stack.move();
  return {
    ...{ old: releases[0], new: releases[1], service },
    graphBase: `${registry.host}/ubi9/ubi:latest`,
    keys: key.armoured,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A real release has about 190 components, of which a next one changes a few: here it is one of three. */
async function demoRelease(version: string, host: string): Promise<MadeRelease> {
  const components = [
    { name: 'cli', seed: version, fillerBytes: 3 * MIB },
    { name: 'console', fillerBytes: 5 * MIB },
    { name: 'etcd', fillerBytes: 4 * MIB },
  ];
  return makeRelease({ version, host, components });
}
