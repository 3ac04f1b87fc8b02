import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import { formatProblem } from '../../base/field-problem.ts';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import { formatPlace, parseDestination } from '../../oci/destination.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { type RegistryReference, formatReference, parseReference } from '../../oci/reference.ts';
import type { GraphSource, ReleaseType } from '../../release/graph/update-graph.ts';
import type { PayloadComponent, PayloadContent } from '../../release/payload/payload-content.ts';
import type {
  ReleaseSignature,
  SignatureStore,
} from '../../release/signature/release-signature.ts';
import { findReleases } from './find-releases.ts';
import type { FoundRelease, FoundReleases } from './found-release.ts';
import { platformRequests } from './release-requests.ts';
import type { ReleaseTools } from './release-tools.ts';

const HEAD = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n';
const DESTINATION = parseDestination('docker://reg.io/site');
const REPOSITORIES = { ocp: 'quay.io/ocp/release', okd: 'quay.io/okd/release' } as const;
const SUFFIXES: Readonly<Record<string, string>> = { amd64: '-x86_64', arm64: '-aarch64' };
const { signal } = new AbortController();

/** Payloads of `TYPE VERSION ARCHITECTURE`, and of which channels they are. */
interface World {
  /** Versions by `ARCHITECTURE CHANNEL`; those of OKD have `okd` in them. */
  readonly channels: Readonly<Record<string, string>>;
  /** Of every payload; default: one. */
  readonly components?: readonly PayloadComponent[];
  readonly bootImages?: Readonly<Record<string, string>>;
  readonly bootImagesFault?: string;
  readonly unsigned?: readonly string[];
  readonly broken?: readonly string[];
  readonly mayBeUnsigned?: ReleaseTools['mayBeUnsigned'];
}

function digestNamed(name: string): Digest {
  return digestOf(Buffer.from(name));
}

function typeOf(version: string): ReleaseType {
  return version.includes('okd') ? 'okd' : 'ocp';
}

function tagOf(version: string, architecture: string): string {
  return `${version}${typeOf(version) === 'okd' ? '' : (SUFFIXES[architecture] ?? `-${architecture}`)}`;
}

function component(name: string): PayloadComponent {
  return { name, reference: `quay.io/ocp/art-dev@${digestNamed(name)}` };
}

/** Tools in which everything is told by names, and what was asked of them. */
function makeTools(world: World): ReleaseTools & { readonly asked: string[] } {
  const asked: string[] = [];
  const tags = new Map(
    Object.entries(world.channels).flatMap(([channel, versions]) =>
      versions.split(' ').map((version) => {
        const tag = tagOf(version, channel.split(' ')[0] ?? '');
        return [digestNamed(tag), tag] as const;
      }),
    ),
  );
  const graphs: GraphSource = {
    read({ architecture, channel }) {
      const versions = (world.channels[`${architecture} ${channel}`] ?? '').split(' ');
      const nodes = versions
        .filter((version) => version !== '')
        .map((version) => {
          const payload = `${REPOSITORIES[typeOf(version)]}@${digestNamed(tagOf(version, architecture))}`;
          return { version, payload, channels: [] };
        });
      return Promise.resolve({ nodes, edges: [], conditionalEdges: [] });
    },
  };
  const store = (type: ReleaseType): SignatureStore => ({
    find(payload): Promise<ReleaseSignature | undefined> {
      const tag = tags.get(payload) ?? '';
      asked.push(`signature ${type} ${tag}`);
      if (tag === '' || typeOf(tag) !== type || world.unsigned?.includes(tag) === true)
        return Promise.resolve(undefined);
      const reference = registry(`${REPOSITORIES[type]}:${tag}`);
      const bytes = Buffer.from(`signature of ${tag}`);
      return Promise.resolve({ bytes, digest: digestOf(bytes), reference });
    },
  });
  return {
    asked,
    graphs,
    signatures: { ocp: store('ocp'), okd: store('okd') },
    readPayload(reference, digest): Promise<PayloadContent> {
      const tag = tags.get(digest) ?? '';
      asked.push(`payload ${formatReference(reference)}`);
      if (world.broken?.includes(tag) === true) throw failure(`${tag} is broken`);
      const { components = [component('cli')], bootImages, bootImagesFault } = world;
      const boot = bootImages === undefined ? undefined : new Map(Object.entries(bootImages));
      const fault = bootImagesFault === undefined ? {} : { bootImagesFault };
      return Promise.resolve({ version: tag, components, bootImages: boot, ...fault });
    },
    lookUpDigest: (reference) => Promise.resolve(digestNamed(reference.tag ?? '')),
    mayBeUnsigned: world.mayBeUnsigned ?? (() => false),
    parallel: 2,
  };
}

function failure(message: string): ControllerError {
  return new ControllerError('PAYLOAD_INVALID', message, { remedy: 'wait-for-change' });
}

function registry(text: string): RegistryReference {
  const reference = parseReference(text);
  if (reference.kind === 'registry') return reference;
  throw new Error(`${text} is no reference`);
}

async function find(
  world: World,
  ...contents: readonly string[]
): Promise<FoundReleases & { readonly asked: readonly string[] }> {
  const files = contents.map((content, index) => {
    return { path: `${index + 1}.yaml`, text: HEAD + content, named: true };
  });
  const { documents, problems } = loadImageSets(files);
  expect(problems).toEqual([]);
  const tools = makeTools(world);
  const found = await findReleases(platformRequests(documents), tools, DESTINATION, signal);
  return { ...found, asked: tools.asked };
}

function imagesOf({ requests }: FoundRelease): string[] {
  return requests.map(({ place, reference, digest }) => {
    const named = reference.digest ?? digest ?? 'tag';
    return `${formatPlace(place).slice('reg.io/site/openshift/'.length)} ${named}`;
  });
}

function failuresOf({ failures }: FoundReleases): string[] {
  return failures.map(
    ({ entries, wanted, error }) =>
      `${entries.map(({ position }) => formatPosition(position)).join(' ')} ${wanted}: ${error.code}`,
  );
}

const STABLE = { 'amd64 stable-4.18': '4.18.1 4.18.2 4.18.3' };

describe('findReleases', () => {
  it('finds a release with its name, its signature and its images', async () => {
    const { releases, failures, warnings, graph } = await find(
      { channels: STABLE, components: [component('cli'), component('etcd')] },
      '  platform: {graph: true, channels: [{name: stable-4.18}]}\n',
    );

    expect([failures, warnings]).toEqual([[], []]);
    expect(graph.map(({ field }) => field)).toEqual(['mirror.platform.graph']);
    const [release] = releases;
    expect(releases).toHaveLength(1);
    expect(release).toMatchObject({
      release: '4.18.3-x86_64',
      payload: digestNamed('4.18.3-x86_64'),
      channels: ['stable-4.18'],
      signature: { bytes: Buffer.from('signature of 4.18.3-x86_64') },
      entries: [{ field: 'mirror.platform.channels[0]' }],
    });
    expect(release && imagesOf(release)).toEqual([
      `release:4.18.3-x86_64-cli ${digestNamed('cli')}`,
      `release:4.18.3-x86_64-etcd ${digestNamed('etcd')}`,
      `release-images:4.18.3-x86_64 ${digestNamed('4.18.3-x86_64')}`,
    ]);
    expect(release?.components.map(({ tag }) => tag)).toEqual([
      '4.18.3-x86_64-cli',
      '4.18.3-x86_64-etcd',
    ]);
    // By tag, as mirror sets need it; the digest is beside it.
    const payload = release?.requests.at(-1);
    expect(payload).toMatchObject({ kind: 'release', name: 'quay.io/ocp/release:4.18.3-x86_64' });
    expect(payload?.reference.digest).toBeUndefined();
  });

  it('makes one release of what several documents choose, each of which filters for itself', async () => {
    const { releases, asked } = await find(
      {
        channels: { ...STABLE, 'multi stable-4.18': '4.18.3' },
        components: ['cli', 'etcd'].map(component),
      },
      `  platform: {platforms: [{os: linux, architecture: arm64}], channels: [{name: stable-4.18}]}\n  blockedImages: [{name: "${digestNamed('etcd')}"}]\n`,
      '  platform: {platforms: [{os: linux, architecture: amd64}], channels: [{name: stable-4.18}]}\n',
    );

    expect(releases).toHaveLength(1);
    expect(releases[0]?.entries.map(({ position }) => position.path)).toEqual(['1.yaml', '2.yaml']);
    const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) => ({
      os: 'linux',
      architecture,
    }));
    expect(
      releases[0]?.requests.map(({ name, platforms, entries }) => ({
        name,
        platforms,
        by: entries.map(({ position }) => position.path),
      })),
    ).toEqual([
      { name: component('cli').reference, platforms: [amd64, arm64], by: ['1.yaml', '2.yaml'] },
      { name: component('etcd').reference, platforms: [amd64], by: ['2.yaml'] },
      {
        name: 'quay.io/ocp/release:4.18.3-multi',
        platforms: [amd64, arm64],
        by: ['1.yaml', '2.yaml'],
      },
    ]);
    expect(asked).toEqual(['signature ocp 4.18.3-multi', expect.stringContaining('payload')]);
  });

  it('leaves out components that are blocked, and a release whose payload is', async () => {
    const world = { channels: STABLE, components: ['cli', 'etcd'].map(component) };
    const some = await find(
      world,
      `  platform: {channels: [{name: stable-4.18}]}\n  blockedImages: [{name: "${digestNamed('cli')}"}]\n`,
    );
    const all = await find(
      world,
      '  platform: {channels: [{name: stable-4.18}]}\n  blockedImages: [{name: "release:4.18.3"}]\n',
    );

    expect(some.releases.map(({ components }) => components.map(({ tag }) => tag))).toEqual([
      ['4.18.3-x86_64-etcd'],
    ]);
    expect(all.releases).toEqual([]);
    expect(all.warnings.map(formatProblem)).toEqual([
      expect.stringMatching(/^1\.yaml:5:\d+: mirror\.blockedImages: "release:4\.18\.3" blocks/),
    ]);
  });

  it('gives each architecture bounds of its own, and fails the channel of one that has none', async () => {
    const found = await find(
      { channels: { ...STABLE, 'arm64 stable-4.18': '4.18.1 4.18.2' } },
      '  platform: {architectures: [amd64, arm64, s390x], channels: [{name: stable-4.18}]}\n',
    );

    expect(found.releases.map(({ release }) => release)).toEqual([
      '4.18.2-aarch64',
      '4.18.3-x86_64',
    ]);
    expect(failuresOf(found)).toEqual(['1.yaml:4:63 stable-4.18 (s390x): RELEASE_SELECTION']);
  });

  it('knows which channel of a document chose what', async () => {
    const { releases } = await find(
      { channels: { ...STABLE, 'amd64 okd': '4.18.0-okd.1' } },
      '  platform:\n    channels:\n    - {name: stable-4.18, minVersion: 4.18.2}\n    - {name: okd, type: okd}\n',
    );

    expect(
      releases.map(({ release, channels, entries }) => [
        release,
        channels,
        entries.map(({ position }) => position.line),
      ]),
    ).toEqual([
      ['4.18.0-okd.1', ['okd'], [7]],
      ['4.18.2-x86_64', ['stable-4.18'], [6]],
      ['4.18.3-x86_64', ['stable-4.18'], [6]],
    ]);
  });

  it('takes every instance where one of the documents wants that', async () => {
    const { releases } = await find(
      { channels: { 'multi stable-4.18': '4.18.3' } },
      '  platform: {platforms: [{os: linux, architecture: arm64}], channels: [{name: stable-4.18}]}\n',
      '  platform: {architectures: [multi], channels: [{name: stable-4.18}]}\n',
    );

    expect(releases[0]?.requests.map(({ platforms }) => platforms)).toEqual([undefined, undefined]);
  });

  it('fails a release alone, for all the entries that chose it', async () => {
    const found = await find(
      {
        channels: { ...STABLE, 'amd64 fast-4.18': '4.18.1 4.18.2 4.18.4' },
        unsigned: ['4.18.1-x86_64'],
        broken: ['4.18.2-x86_64'],
      },
      '  platform:\n    channels:\n    - {name: stable-4.18, minVersion: 4.18.1}\n',
      '  platform:\n    channels:\n    - {name: fast-4.18, minVersion: 4.18.2}\n',
    );

    expect(found.releases.map(({ release }) => release)).toEqual([
      '4.18.3-x86_64',
      '4.18.4-x86_64',
    ]);
    expect(failuresOf(found)).toEqual([
      '1.yaml:6:7 2.yaml:6:7 fast-4.18, stable-4.18 4.18.2: PAYLOAD_INVALID',
      '1.yaml:6:7 stable-4.18 4.18.1: SIGNATURE_MISSING',
    ]);
  });

  it('takes a release unsigned where that is allowed, under a name of its own, and says so', async () => {
    const allowed = digestNamed('4.18.2-x86_64');
    const pinned = `quay.io/ocp/release@${digestNamed('4.18.1-x86_64')}`;
    const { releases, warnings, asked } = await find(
      {
        channels: STABLE,
        mayBeUnsigned: (digest, { isPinned }) => isPinned || digest === allowed,
      },
      `  platform: {release: "${pinned}"}\n`,
      '  platform: {channels: [{name: stable-4.18, minVersion: 4.18.2}]}\n',
    );

    const hex = digestNamed('4.18.1-x86_64').slice('sha256:'.length);
    const named = releases.map(({ release, signature, requests }) => [
      release,
      signature !== undefined,
      requests.at(-1)?.name,
    ]);
    expect(named).toEqual([
      ['4.18.2-x86_64', false, `quay.io/ocp/release@${allowed}`],
      ['4.18.3-x86_64', true, 'quay.io/ocp/release:4.18.3-x86_64'],
      [hex, false, pinned],
    ]);
    expect(warnings.map(({ field }) => field)).toEqual([
      'mirror.platform.release',
      'mirror.platform.channels[0]',
    ]);
    expect(asked.filter((one) => one.startsWith('signature'))).toEqual([
      'signature ocp 4.18.3-x86_64',
    ]);
  });

  it('names releases of OKD by their version, signed or not', async () => {
    const channels = { 'amd64 stable-scos': '4.18.0-okd.1 4.18.0-okd.2' };
    const { releases, failures } = await find(
      {
        channels,
        mayBeUnsigned: (digest) => digest === digestNamed('4.18.0-okd.1'),
      },
      '  platform: {channels: [{name: stable-scos, type: okd, full: true}]}\n',
    );

    expect(failures).toEqual([]);
    expect(releases.map(({ release }) => release)).toEqual(['4.18.0-okd.1', '4.18.0-okd.2']);
  });

  it.each([
    { name: 'quay.io/ocp/release:4.18.1-x86_64', release: '4.18.1-x86_64', stores: ['ocp'] },
    { name: 'quay.io/okd/release:4.18.0-okd.1', release: '4.18.0-okd.1', stores: ['ocp', 'okd'] },
    // As an update service of one's own names it: what the signature says counts.
    {
      name: `mirror.test/a/b@${digestNamed('4.18.1-x86_64')}`,
      release: '4.18.1-x86_64',
      stores: ['ocp'],
    },
  ])('finds the signature of $name, and reads what that names', async (pinned) => {
    const { name, release, stores } = pinned;
    const { releases, asked } = await find(
      { channels: { ...STABLE, 'amd64 stable-scos': '4.18.0-okd.1' } },
      `  platform: {release: "${name}"}\n`,
    );

    expect(releases).toMatchObject([{ release, payload: digestNamed(release), channels: [] }]);
    expect(asked).toEqual([
      ...stores.map((type) => `signature ${type} ${release}`),
      `payload ${REPOSITORIES[typeOf(release)]}:${release}`,
    ]);
  });

  it('puts boot images under their names, and fails the documents whose release has none', async () => {
    const boot = component('kubevirt').reference;
    const found = await find(
      { channels: STABLE, bootImages: { s390x: boot } },
      '  platform: {kubeVirtContainer: true, channels: [{name: stable-4.18}]}\n',
      '  platform: {kubeVirtContainer: true, architectures: [amd64, s390x], channels: [{name: stable-4.18}]}\n',
    );

    expect(found.releases.map(({ components }) => components.map(({ tag }) => tag))).toEqual([
      ['4.18.3-x86_64-cli', '4.18.3-x86_64-kube-virt-container-s390x'],
    ]);
    expect(found.releases[0]?.entries.map(({ position }) => position.path)).toEqual(['2.yaml']);
    expect(failuresOf(found)).toEqual([
      '1.yaml:4:50 stable-4.18 4.18.3: PAYLOAD_INVALID',
      '2.yaml:4:81 stable-4.18 (s390x): RELEASE_SELECTION',
    ]);
  });

  it('says what is wrong with a list of boot images that cannot be read', async () => {
    const { failures } = await find(
      { channels: STABLE, bootImagesFault: 'it has 2000000 bytes' },
      '  platform: {kubeVirtContainer: true, channels: [{name: stable-4.18}]}\n',
    );
    expect(failures.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(/4\.18\.3-x86_64\) cannot be read: it has 2000000 bytes$/),
    ]);
  });

  it('calls the only boot image that is looked for by no architecture', async () => {
    const { releases } = await find(
      { channels: STABLE, bootImages: { x86_64: component('kubevirt').reference } },
      '  platform: {kubeVirtContainer: true, channels: [{name: stable-4.18}]}\n',
    );

    expect(releases[0]?.components.map(({ tag }) => tag)).toEqual([
      '4.18.3-x86_64-cli',
      '4.18.3-x86_64-kube-virt-container',
    ]);
  });

  it('refuses components that cannot have a place', async () => {
    const found = await find(
      { channels: STABLE, components: [{ name: 'x'.repeat(128), reference: 'quay.io/a/b:1' }] },
      '  platform: {channels: [{name: stable-4.18}]}\n',
    );

    expect(found.releases).toEqual([]);
    expect(failuresOf(found)).toEqual(['1.yaml:4:25 stable-4.18 4.18.3: PAYLOAD_INVALID']);
  });

  it('keeps components without a name, and those by tag, under their own paths', async () => {
    const components = [{ name: '', reference: `quay.io/a/b@${digestNamed('b')}` }, component('c')];
    const { releases } = await find(
      { channels: STABLE, components },
      '  platform: {channels: [{name: stable-4.18}]}\n',
    );

    expect(releases[0]?.components.map(formatPlace)).toEqual([
      `reg.io/site/a/b:sha256-${digestNamed('b').slice('sha256:'.length)}`,
      'reg.io/site/openshift/release:4.18.3-x86_64-c',
    ]);
  });

  it('stops where it is told to', async () => {
    const stopping = new AbortController();
    const tools = makeTools({ channels: STABLE });
    const { documents } = loadImageSets([
      {
        path: '1.yaml',
        text: `${HEAD}  platform: {channels: [{name: stable-4.18}]}\n`,
        named: true,
      },
    ]);
    const finding = findReleases(
      platformRequests(documents),
      {
        ...tools,
        readPayload(_reference, _digest, one) {
          stopping.abort(new Error('stop'));
          throw one.aborted ? failure('stop') : failure('it goes on');
        },
      },
      DESTINATION,
      stopping.signal,
    );

    await expect(finding).rejects.toThrow('stop');
  });
});
