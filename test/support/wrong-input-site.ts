import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { Lock } from '../../src/lock/lock.ts';
import { makeCertificateAuthority } from './certificates.ts';
import { testIo } from './command-io.ts';
import { type RunningEmbeddedRegistry, startEmbeddedRegistry } from './embedded-registry.ts';
import { freePort } from './free-port.ts';
import type { FixtureFile } from './git-fixture.ts';
import { writeHook } from './git-hook.ts';
import { startLoopbackServer } from './loopback-server.ts';
import { startMirroredSite } from './mirrored-site.ts';
import { makeRelease } from './releases/make-release.ts';
import { pushRelease } from './releases/push-release.ts';
import { signRelease } from './releases/sign-release.ts';
import { type SigningKey, makeSigningKey } from './releases/signing-key.ts';
import { type UpdateService, openUpdateService } from './releases/update-service.ts';
import { listRegistry } from './registry-content.ts';
import { hasProgram, runProgramOrThrow } from './run-program.ts';
import { type Ran, type SiteMirror, type SiteSettings, imageSet } from './site.ts';

/** One wrong thing, and what a person reads of it. */
export interface WrongInput {
  readonly name: string;
  /** What a machine has to have for it. */
  readonly needs?: Need;
  readonly code: number;
  /** All that is printed but log lines, with the names of `WrongInputSite.shown`. */
  readonly text: readonly string[];
  readonly run: (site: WrongInputSite) => Promise<Ran>;
}

/** Making a file system, making certificates, or being a user who may not do everything. */
export type Need = 'mount' | 'openssl' | 'a user other than root';

/** How a row differs from what is right. */
export interface Wrongly {
  readonly settings?: Partial<SiteSettings>;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A site that has mirrored one image, whose state must not change whatever is wrong. */
export interface WrongInputSite extends AsyncDisposable {
  /** `HOST:PORT` of servers, by the name that stands for them in texts. */
  readonly hosts: Readonly<Record<ServerName, string>>;
  readonly lacks: ReadonlySet<Need>;
  readonly gitUrl: string;
  readonly folder: string;
  readonly mirror: SiteMirror;
  /** Writes a file of the folder that commands run in, and returns its path. */
  write(path: string, text: string): Promise<string>;
  /** Runs a command line in that folder. */
  imageset(...args: readonly string[]): Promise<Ran>;
  imagesetWith(environment: Wrongly['environment'], ...args: readonly string[]): Promise<Ran>;
  /** `run --once`. */
  pass(wrongly?: Wrongly): Promise<Ran>;
  /** The same while an image set names these images too; by default one that could be mirrored. */
  wanting(wrongly: Wrongly, ...names: readonly string[]): Promise<Ran>;
  /** The same while there is a file `sets/wrong.yaml` of this text. */
  wantingFile(wrongly: Wrongly, text: string): Promise<Ran>;
  /** Releases of the source, found and signed as this says. */
  readonly releases: SourceReleases;
  /** The same with this lock in the manifests branch, made of the good one. */
  passWithLock(edit: (good: string) => FixtureFile): Promise<Ran>;
  /** `run --once` while the Git server refuses every push with these words. */
  passRefused(words: string, wrongly: Wrongly): Promise<Ran>;
  /** What is in force: the images of the lock, the generated files, the destination's content. */
  inForce(): Promise<unknown>;
  /** A text with hosts, paths, commits and digests replaced by names. */
  shown(ran: Ran): string[];
}

/** `releases` of settings that are right, and the servers of these settings. */
export interface SourceReleases {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly service: UpdateService;
  /** Pushes a release and makes a channel `stable-VERSION` of it; signed by its own key, if at all. */
  add(version: string, key: SigningKey | undefined): Promise<void>;
}

/**
 * `SOURCE` and `DESTINATION` are right, and so is `UPDATES`, an update service and store of signatures. `WEB` is a web server, `EMPTY` one without pages, `PRIVATE` a registry that wants
 * a password, `READ-ONLY` one that takes nothing, `EXPIRED` and `UNTRUSTED` ones with such certificates, `CLOSED` a port
 * without server. The authority of both certificates is in `DIR/trusted/ca.crt`.
 */
export type ServerName = (typeof SERVERS)[number];
// prettier-ignore
const SERVERS = [
  'SOURCE', 'DESTINATION', 'WEB', 'EMPTY', 'PRIVATE', 'READ-ONLY', 'EXPIRED', 'UNTRUSTED', 'CLOSED',
  'UPDATES',
] as const;

const PAGE = '<!DOCTYPE html>\n<html>\n<head><title>Welcome</title></head>\n</html>\n';
const LIMIT_MS = 60_000;

export async function startWrongInputSite(): Promise<WrongInputSite> {
  await using stack = new AsyncDisposableStack();
  const prod = stack.use(await startMirroredSite());
  const { site, mirror } = prod;
  const [good = '', web = ''] = await prod.fill('team/good:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'sets/good.yaml': imageSet([good]) });
  await site.git.commit('manifests', { 'README.md': 'What the clusters read.\n' });
  if ((await site.pass()).code !== 0) throw new Error('the good state cannot be made');

  const page = stack.use(
    await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    }),
  );
  const empty = stack.use(
    await startLoopbackServer((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end(PAGE);
    }),
  );
  const guarded = stack.use(await startEmbeddedRegistry({ users: { robot: 's3cret' } }));
  const readOnly = stack.use(await startEmbeddedRegistry({ readOnly: true }));
  const updates = stack.use(await openUpdateService());
  const hosts = {
    SOURCE: prod.source.host,
    DESTINATION: prod.destination.host,
    WEB: page.host,
    EMPTY: empty.host,
    PRIVATE: guarded.host,
    'READ-ONLY': readOnly.host,
    ...(await startWithCertificates(site.folder, stack)),
    CLOSED: `127.0.0.1:${await freePort()}`,
    UPDATES: updates.host,
  };
  const owned = stack.move();

  async function write(path: string, text: string): Promise<string> {
    const file = join(site.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  async function runWith(
    args: readonly string[],
    environment: Wrongly['environment'] = {},
  ): Promise<Ran> {
    const io = testIo({
      cwd: site.folder,
      environment: {
        ...{ PATH: process.env.PATH, HOME: site.folder, XDG_RUNTIME_DIR: join(site.folder, 'run') },
        ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...environment },
      },
      now: () => site.now,
    });
    const code = await runCommandLine(args, io, AbortSignal.timeout(LIMIT_MS));
    return { code, ...io.written };
  }

  async function pass({ settings = {}, flags = [], environment }: Wrongly = {}): Promise<Ran> {
    await site.configure({ mirrors: [mirror], ...settings });
    const files = ['--settings', 'settings.yaml', '--state', 'state'];
    const plain = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    return runWith(['run', '--once', ...files, ...plain, ...flags], environment);
  }

  async function wantingFile(wrongly: Wrongly, text: string): Promise<Ran> {
    await site.git.commit('main', { 'sets/wrong.yaml': text });
    const ran = await pass(wrongly);
    await site.git.commit('main', { 'sets/wrong.yaml': undefined });
    const { code, stdout } = await pass();
    if (code !== 0) throw new Error(`the mistake was taken back, and yet: ${stdout}`);
    return ran;
  }

  async function imagesOf(): Promise<Lock['images']> {
    return (await site.lock('prod')).images;
  }

  return {
    hosts,
    lacks: await findLacks(site.folder),
    gitUrl: site.git.url,
    folder: site.folder,
    mirror,
    write,
    imageset: (...args) => runWith(args),
    imagesetWith: (environment, ...args) => runWith(args, environment),
    pass,
    wanting: (wrongly, ...names) =>
      wantingFile(wrongly, imageSet(names.length > 0 ? names : [web])),
    wantingFile,
    releases: await sourceReleases(site.folder, prod.source, updates),
    async passWithLock(edit) {
      const path = 'prod/imageset.lock';
      const lock = (await site.manifest(path)) ?? '';
      await site.git.commit('manifests', { [path]: edit(lock) });
      try {
        return await pass();
      } finally {
        await site.git.commit('manifests', { [path]: lock });
      }
    },
    async passRefused(words, wrongly) {
      await writeHook(site.git, 'pre-receive', `echo '${words}' >&2; exit 1`);
      try {
        return await pass(wrongly);
      } finally {
        await writeHook(site.git, 'pre-receive', 'exit 0');
      }
    },
    async inForce() {
      return {
        images: await imagesOf(),
        files: await site.git.git(['ls-tree', '-r', 'manifests', 'prod/resources', 'prod/install']),
        kustomization: await site.manifest('prod/kustomization.yaml'),
        content: await listRegistry(prod.destination.endpoint),
      };
    },
    shown({ stdout, stderr }) {
      let text = stdout + stderr;
      for (const name of SERVERS) text = text.replaceAll(hosts[name], name);
      return (
        text
          .replaceAll(site.folder, 'DIR')
          .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
          .replaceAll(/\b[0-9a-f]{64}\b/g, 'HEX')
          .replaceAll(/\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b/g, 'COMMIT')
          .replaceAll(/\b[0-9a-f]{16}\.git\b/g, 'ID.git')
          // These words are those of git and its libraries, and change with their versions.
          .replaceAll(/^( *fatal: ).*(?:\n *fatal: .*)*$/gm, '$1…')
          .trimEnd()
          .split('\n')
          .filter((line) => !line.startsWith('{'))
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function sourceReleases(
  folder: string,
  source: RunningEmbeddedRegistry,
  service: UpdateService,
): Promise<SourceReleases> {
  const keysFile = join(folder, 'release.asc');
  await writeFile(keysFile, makeSigningKey('release').armoured);
  const { graphUrl, signatureUrl, graphDataUrl } = service;
  return {
    service,
    settings: { graphUrl, signatureUrl, graphDataUrl, keysFile },
    async add(version, key) {
      const release = await makeRelease({ version, host: source.host, components: ['cli'] });
      await pushRelease(source.endpoint, release);
      const { digest, tagged, reference } = release;
      service.setGraph('amd64', `stable-${version}`, {
        nodes: [{ version, payload: reference }],
      });
      if (key === undefined) return;
      service.setSignatures(digest, [signRelease({ digest, reference: tagged, key })]);
    },
  };
}

async function startWithCertificates(
  folder: string,
  stack: AsyncDisposableStack,
): Promise<Readonly<Record<'EXPIRED' | 'UNTRUSTED', string>>> {
  if (!hasProgram('openssl')) return { EXPIRED: 'expired.invalid', UNTRUSTED: 'untrusted.invalid' };
  const trusted = join(folder, 'trusted');
  await mkdir(trusted);
  const authority = await makeCertificateAuthority(folder);
  await writeFile(join(trusted, 'ca.crt'), authority.ca);
  async function start(expired: boolean): Promise<string> {
    const { certificateFile, keyFile } = await authority.issueServer({ expired });
    const tls = { certificateFile, keyFile, ca: authority.ca };
    return stack.use(await startEmbeddedRegistry({ tls })).host;
  }
  return { EXPIRED: await start(true), UNTRUSTED: await start(false) };
}

async function findLacks(folder: string): Promise<Set<Need>> {
  const lacks = new Set<Need>();
  if (!hasProgram('openssl')) lacks.add('openssl');
  if (process.getuid?.() === 0) lacks.add('a user other than root');
  const place = join(folder, 'mounted');
  await mkdir(place);
  try {
    await mountMemory(place, 'size=4k');
    await unmount(place);
  } catch {
    lacks.add('mount');
  }
  return lacks;
}

/** Puts a file system in memory at a folder, with options as `mount -o` takes them. */
export async function mountMemory(folder: string, options: string): Promise<void> {
  await runProgramOrThrow('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
}

export async function unmount(folder: string): Promise<void> {
  await runProgramOrThrow('umount', ['--lazy', folder]);
}
