import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml, stringify } from 'yaml';
import { runCommandLine } from '../../../src/cli/run-command-line.ts';
import { testIo } from '../command-io.ts';
import { type CommandResult, type MirrorSite, makeMirrorSite } from '../mirror-site.ts';
import { plainRequest } from '../plain-request.ts';
import { pushImage } from '../push-image.ts';
import { digestAt, listRegistry } from '../registry-content.ts';
import type { SiteReport } from '../site.ts';
import type { TestRegistry } from '../test-registry.ts';
import { startTrustedRegistries } from '../trusted-registries.ts';
import { makeGraphBase } from './graph-base.ts';
import { makeGraphDataArchive } from './graph-data-archive.ts';
import type { ConditionalUpdate } from './graph-document.ts';
import {
  type MadeRelease,
  type ReleaseArchitecture,
  type ReleaseOptions,
  makeRelease,
} from './make-release.ts';
import { pushRelease } from './push-release.ts';
import { type ReleaseSignatureOptions, signRelease } from './sign-release.ts';
import { type SigningKey, makeSigningKey } from './signing-key.ts';
import { type ServiceType, type UpdateService, openUpdateService } from './update-service.ts';

type Requests = Awaited<ReturnType<TestRegistry['requests']>>;

/** What a pass told, and what it asked. */
export interface ReleasePass {
  readonly code: number;
  readonly stderr: string;
  readonly report: SiteReport;
  readonly asked: {
    readonly source: Requests;
    readonly destination: Requests;
    /** URLs without the origin: graphs, signatures, graph data. */
    readonly service: readonly string[];
  };
  /** How many commits it made on the manifests branch. */
  readonly commits: number;
}

export interface ChannelOptions {
  /** Default: ocp. */
  readonly type?: ServiceType;
  /** Default: amd64. OKD's service knows none. */
  readonly architecture?: ReleaseArchitecture;
  /** In the order of the graph. What was not added as a release has a payload that is nowhere. */
  readonly versions: readonly string[];
  /** Default: from each to the next. */
  readonly edges?: readonly (readonly [from: string, to: string])[];
  readonly conditional?: readonly ConditionalUpdate[];
}

export type AddReleaseOptions = Omit<ReleaseOptions, 'host'> & {
  /** Default: it is signed with the key of its type. */
  readonly signed?: boolean;
};

/** Everything that releases are mirrored from and to, on loopback. */
export interface ReleaseSite extends AsyncDisposable {
  readonly site: MirrorSite;
  readonly source: TestRegistry;
  readonly destination: TestRegistry;
  readonly service: UpdateService;
  readonly key: SigningKey;
  readonly okdKey: SigningKey;
  /** `HOST/ubi9/ubi:latest`, which is there. */
  readonly graphBase: string;
  /** What `imageset mirror` is run with. */
  readonly environment: Readonly<Record<string, string>>;
  /** `releases` of the controller's settings. */
  readonly releases: Readonly<Record<string, unknown>>;
  /** The settings' flags for a command line. */
  readonly flags: readonly string[];
  /** Makes a release, pushes it to the source, and signs it. */
  addRelease(options: AddReleaseOptions): Promise<MadeRelease>;
  /** Sets the graph of a channel. */
  addChannel(name: string, options: ChannelOptions): void;
  /** Adds a signature of a release to those that the store has. */
  sign(release: MadeRelease, options?: Partial<ReleaseSignatureOptions>): void;
  /** Removes all signatures of a release from the store. */
  unsign(release: MadeRelease): void;
  /** Removes an image from the source, `HOST/REPOSITORY@DIGEST`. */
  removeImage(reference: string): Promise<void>;
  /** Files of the source branch. */
  commit(files: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** Changes the settings: of the mirror, and what lies beside `mirrors`. */
  configure(mirror?: object, over?: object): Promise<void>;
  /** `run --once` inside this process. */
  pass(...args: string[]): Promise<ReleasePass>;
  /** `imageset mirror` from the source to the destination inside this process, in the site's folder; `isc`: the text of the image set. */
  mirror(isc: string, ...args: string[]): Promise<CommandResult>;
  /** The digest at a place below the mirror, `PATH:TAG`. */
  there(place: string): Promise<string | undefined>;
  /** All places below the mirror. */
  places(): Promise<string[]>;
  /** The resource in a file of `resources/`; undefined where there is none. */
  resource(file: string): Promise<unknown>;
  /** Deletes what is at a place of the mirror, past the controller. */
  lose(place: string): Promise<void>;
}

/** The path of the mirror at the destination. */
export const NAMESPACE = 'site';

/** A mirror between two registries with TLS, whose image sets name releases. */
export async function openReleaseSite(): Promise<ReleaseSite> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await makeMirrorSite());
  const { source, destination } = stack.use(await startTrustedRegistries(site));
  const service = stack.use(await openUpdateService());
  const [key, okdKey] = [makeSigningKey('release'), makeSigningKey('okd')];
  const keysFile = join(site.folder, 'release.asc');
  const okdKeysFile = join(site.folder, 'okd.asc');
  await writeFile(keysFile, key.armoured);
  await writeFile(okdKeysFile, okdKey.armoured);
  service.setGraphData(await makeGraphDataArchive());
  await pushImage(source.endpoint, 'ubi9/ubi', await makeGraphBase(), 'latest');

  const graphBase = `${source.host}/ubi9/ubi:latest`;
  const { graphUrl, graphDataUrl, signatureUrl } = service;
  const okd = {
    graphUrl: service.okdGraphUrl,
    signatureUrl: service.okdSignatureUrl,
    keysFile: okdKeysFile,
  };
  const releases = { graphUrl, graphDataUrl, graphBase, signatureUrl, keysFile, okd };
  const environment = {
    ...site.environment,
    UPDATE_URL_OVERRIDE: graphUrl,
    OCP_SIGNATURE_URL: signatureUrl,
    OCP_SIGNATURE_VERIFICATION_PK: keysFile,
    GRAPH_DATA_URL_OVERRIDE: graphDataUrl,
    GRAPH_BASE_OVERRIDE: graphBase,
  };
  const to = `docker://${destination.host}/${NAMESPACE}`;

  async function configure(mirror: object = {}, over: object = {}): Promise<string> {
    const base = { name: 'prod', paths: ['.'], output: '.', destination: to };
    return site.writeSettings([{ ...base, ...mirror }], { releases, ...over });
  }
  const flags = ['--settings', await configure()];
  const made = new Map<string, MadeRelease>();
  const signatures = new Map<string, Uint8Array[]>();

  function sign(release: MadeRelease, options: Partial<ReleaseSignatureOptions> = {}): void {
    const { digest, tagged, type } = release;
    const own = type === 'okd' ? okdKey : key;
    const list = [
      ...(signatures.get(digest) ?? []),
      signRelease({ digest, reference: tagged, key: own, ...options }),
    ];
    signatures.set(digest, list);
    service.setSignatures(digest, list, type);
  }

  async function asked(): Promise<ReleasePass['asked']> {
    const urls = service.seen.map(({ url }) => url);
    return {
      source: await source.requests(),
      destination: await destination.requests(),
      service: urls,
    };
  }
  const owned = stack.move();

  return {
    ...{ site, source, destination, service, key, okdKey },
    ...{ graphBase, environment, releases, flags, sign },
    async addRelease({ signed = true, ...options }) {
      const release = await makeRelease({ ...options, host: source.host });
      await pushRelease(source.endpoint, release);
      made.set(nameOf(release), release);
      if (signed && !signatures.has(release.digest)) sign(release);
      return release;
    },
    addChannel(name, { type = 'ocp', architecture = 'amd64', versions, edges, conditional }) {
      const nodes = versions.map((version) => {
        const release = made.get(nameOf({ type, architecture, version }));
        const payload = release?.reference ?? nowhere(source.host, type, architecture, version);
        const metadata: Record<string, string> =
          type === 'okd' ? {} : { 'io.openshift.upgrades.graph.release.channels': name };
        return { version, payload, metadata };
      });
      const graph = {
        nodes,
        edges: edges ?? versions.slice(1).map((to, index) => [versions[index] ?? '', to] as const),
        ...(conditional === undefined ? {} : { conditional }),
      };
      if (type === 'okd') service.setOkdGraph(name, graph);
      else service.setGraph(architecture, name, graph);
    },
    unsign({ digest, type }) {
      signatures.delete(digest);
      service.setSignatures(digest, [], type);
    },
    async removeImage(reference) {
      const [name = '', digest = ''] = reference.split('@');
      const path = `/v2/${name.slice(name.indexOf('/') + 1)}/manifests/${digest}`;
      await mustDelete(source, path);
    },
    commit: (files) => site.git.commit('main', files),
    async configure(mirror, over) {
      await configure(mirror, over);
    },
    async pass(...args) {
      const before = await asked();
      const commits = (await site.commits()).length;
      const line = ['run', '--once', '--output', 'json', '--log-format', 'json', ...flags];
      const { code, stdout, stderr } = await site.run(...line, ...args);
      if (stdout === '') throw new Error(`no report: ${stderr}`);
      const { mirrors } = JSON.parse(stdout) as { mirrors: readonly SiteReport[] };
      const [report] = mirrors;
      if (report === undefined) throw new Error(`no report: ${stdout}${stderr}`);
      const after = await asked();
      return {
        ...{ code, stderr, report },
        asked: {
          source: after.source.slice(before.source.length),
          destination: after.destination.slice(before.destination.length),
          service: after.service.slice(before.service.length),
        },
        commits: (await site.commits()).length - commits,
      };
    },
    async mirror(isc, ...args) {
      await writeFile(join(site.folder, 'isc.yaml'), isc);
      const io = testIo({ environment, cwd: site.folder, now: () => new Date() });
      const line = ['-c', 'isc.yaml', '--workspace', 'file://ws', ...args, to];
      const code = await runCommandLine(line, io, AbortSignal.timeout(120_000));
      return { code, ...io.written };
    },
    there: (place) => digestAt(destination.endpoint, `${NAMESPACE}/${place}`),
    async places() {
      const names = Object.keys(await listRegistry(destination.endpoint));
      return names
        .filter((name) => name.startsWith(`${NAMESPACE}/`))
        .map((name) => name.slice(NAMESPACE.length + 1));
    },
    async resource(file) {
      const text = await site.published(`resources/${file}`);
      return text === undefined ? undefined : (parseYaml(text) as unknown);
    },
    async lose(place) {
      const digest = await digestAt(destination.endpoint, `${NAMESPACE}/${place}`);
      const repository = `${NAMESPACE}/${place.slice(0, place.lastIndexOf(':'))}`;
      await mustDelete(destination, `/v2/${repository}/manifests/${digest ?? ''}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function nameOf({
  type,
  architecture,
  version,
}: Pick<MadeRelease, 'type' | 'architecture' | 'version'>): string {
  // OKD's graph has no architectures.
  return type === 'okd' ? `okd ${version}` : `ocp ${architecture} ${version}`;
}

/** A payload that no registry has. */
function nowhere(host: string, type: ServiceType, architecture: string, version: string): string {
  const hex = Buffer.from(`${architecture} ${version}`).toString('hex').padEnd(64, '0');
  const repository = type === 'okd' ? 'okd/scos-release' : 'openshift-release-dev/ocp-release';
  return `${host}/${repository}@sha256:${hex.slice(0, 64)}`;
}

async function mustDelete({ endpoint }: TestRegistry, path: string): Promise<void> {
  const { status } = await plainRequest(endpoint, 'DELETE', path);
  if (status !== 202) throw new Error(`DELETE ${path}: ${status}`);
}

/** An ImageSetConfiguration of a platform, with what else is given under `mirror`. */
export function releaseSet(platform: object | undefined, over: object = {}): string {
  return stringify({
    apiVersion: 'mirror.openshift.io/v2alpha1',
    kind: 'ImageSetConfiguration',
    mirror: { platform, ...over },
  });
}

/** A DeleteImageSetConfiguration of a platform. */
export function releaseDelete(platform: object): string {
  return stringify({
    apiVersion: 'mirror.openshift.io/v2alpha1',
    kind: 'DeleteImageSetConfiguration',
    delete: { platform },
  });
}
