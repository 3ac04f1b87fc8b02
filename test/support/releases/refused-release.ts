import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ErrorCode } from '../../../src/base/controller-error.ts';
import { runCommandLine } from '../../../src/cli/run-command-line.ts';
import { testIo } from '../command-io.ts';
import type { CommandResult } from '../mirror-site.ts';
import { plainRequest } from '../plain-request.ts';
import type { MadeRelease } from './make-release.ts';
import { type ReleaseSite, openReleaseSite, releaseSet } from './release-site.ts';

/** A platform that cannot be mirrored as it is, and what people are told. */
export interface RefusedRelease {
  readonly name: string;
  /** Makes what is wrong. `minor`: no other case has releases of 4.MINOR. */
  readonly arrange: (site: ReleaseSite, minor: number) => Promise<Arranged>;
  readonly code: ErrorCode;
  /** The place in the file, `LINE:COLUMN`. */
  readonly at: string;
  /** Parts of the message; `4.N` stands for the minor version. */
  readonly says: readonly string[];
  /** A part of what to do. */
  readonly advises: string;
}

export interface Arranged {
  readonly platform: object;
  /** Must not be there as long as it is wrong, and has to be there afterwards. */
  readonly refused: readonly MadeRelease[];
  /** Makes it right; where the file has to change it gives its new platform. */
  readonly repair: () => object | undefined | Promise<object | undefined>;
}

/** A failure of `run --output json`, as far as tests look. */
export interface ToldFailure {
  readonly entries: readonly {
    readonly position: { readonly path: string; readonly line: number; readonly column: number };
  }[];
  readonly wanted: string;
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

const WRONG = 'wrong.yaml';
const GOOD = 'good.yaml';

/**
 * Has both faces of the program meet what is wrong, and then what is right: each says what, where and what to do,
 * publishes nothing of it and everything else, and is content once it is repaired.
 */
export async function meet(site: ReleaseSite, one: RefusedRelease, minor: number): Promise<void> {
  const { platform, refused, repair } = await one.arrange(site, minor);
  const good = await site.addRelease({ version: `4.${minor}.99`, components: ['cli'] });
  const said = [...one.says.map((part) => part.replaceAll('4.N', `4.${minor}`)), one.advises];

  const before = await inForce(site);
  const mirrored = await mirrorWith(site, releaseSet(platform));
  expect(mirrored.code).toBe(2);
  const told = mirrored.stdout + mirrored.stderr;
  expect(told).toContain(`isc.yaml:${one.at}: `);
  for (const part of said) expect(told).toContain(part);
  expect(await inForce(site)).toEqual(before);

  await site.commit({
    [WRONG]: releaseSet(platform),
    [GOOD]: releaseSet({ release: good.tagged }),
  });
  const { code, report } = await site.pass();
  expect(report).toMatchObject({ state: 'Degraded', problems: [] });
  expect(code).toBe(3);
  const [failure, ...others] = report.failures as readonly ToldFailure[];
  expect(others).toEqual([]);
  expect(failure?.error.code).toBe(one.code);
  expect(failure === undefined ? '' : placeOf(failure)).toBe(`${WRONG}:${one.at}`);
  const { message = '', hint = '' } = failure?.error ?? {};
  for (const part of said) expect(`${message} ${hint}`).toContain(part);

  await expectNotPublished(site, refused);
  await expectPublished(site, [good]);
  expect(await site.resource('updateService.yaml')).toEqual(before.updateService);

  const repaired = await repair();
  if (repaired !== undefined) await site.commit({ [WRONG]: releaseSet(repaired) });
  const next = await site.pass();
  expect(next.report).toMatchObject({ state: 'Applied', failures: [] });
  expect(next.code).toBe(0);
  await expectPublished(site, [...refused, good]);
}

/** `imageset mirror` in a workspace of the site, with some variables of its own. */
export async function mirrorWith(
  site: ReleaseSite,
  isc: string,
  environment: Readonly<Record<string, string>> = {},
  ...args: string[]
): Promise<CommandResult> {
  const cwd = site.site.folder;
  await writeFile(join(cwd, 'isc.yaml'), isc);
  const io = testIo({
    cwd,
    environment: { ...site.environment, ...environment },
    now: () => new Date(),
  });
  const to = `docker://${site.destination.host}/by-mirror`;
  const line = ['-c', 'isc.yaml', '--workspace', 'file://ws', '--retry-times', '0', ...args, to];
  const code = await runCommandLine(line, io, AbortSignal.timeout(120_000));
  return { code, ...io.written };
}

/** Neither by tag nor in anything that clusters read. */
export async function expectNotPublished(
  site: ReleaseSite,
  releases: readonly MadeRelease[],
): Promise<void> {
  const signed = await signedPayloads(site);
  const { images } = await site.site.lock();
  for (const { tag, digest } of releases) {
    expect(await site.there(payloadOf(tag))).toBeUndefined();
    expect(images.map(({ destination }) => destination)).not.toContain(payloadOf(tag));
    expect(signed).not.toContain(digest);
  }
}

/** With all components and a signature. */
export async function expectPublished(
  site: ReleaseSite,
  releases: readonly MadeRelease[],
): Promise<void> {
  const signed = await signedPayloads(site);
  for (const { tag, digest, components } of releases) {
    expect(await site.there(payloadOf(tag))).toBe(digest);
    for (const { name, image } of components)
      expect(await site.there(`openshift/release:${tag}-${name}`)).toBe(image.top.digest);
    expect(signed).toContain(digest);
  }
}

/** The payloads whose signatures clusters read. */
export async function signedPayloads(site: ReleaseSite): Promise<string[]> {
  const map = (await site.resource('signature-configmap.yaml')) as
    { readonly binaryData: Readonly<Record<string, string>> } | undefined;
  return Object.keys(map?.binaryData ?? {}).map((key) =>
    key.replace(/^sha256-([0-9a-f]{64})-\d+$/, 'sha256:$1'),
  );
}

export function placeOf({ entries: [entry] }: ToldFailure): string {
  const { path = '', line = 0, column = 0 } = entry?.position ?? {};
  return `${path}:${line}:${column}`;
}

/** What clusters read, and the tags at the destination. */
export async function inForce(site: ReleaseSite): Promise<{
  readonly tags: readonly string[];
  readonly files: string;
  readonly updateService: unknown;
}> {
  const commits = await site.site.commits();
  const tags = await Promise.all(
    ['site', 'by-mirror'].flatMap((path) =>
      ['release', 'release-images', 'graph-image'].map((name) =>
        tagsOf(site, `${path}/openshift/${name}`),
      ),
    ),
  );
  return {
    tags: tags.flat(),
    files:
      commits.length === 0
        ? ''
        : await site.site.git.git(['ls-tree', '-r', 'manifests', 'resources', 'install']),
    updateService: await site.resource('updateService.yaml'),
  };
}

async function tagsOf({ destination }: ReleaseSite, repository: string): Promise<string[]> {
  const path = `/v2/${repository}/tags/list?n=1000`;
  const { status, body } = await plainRequest(destination.endpoint, 'GET', path);
  if (status === 404) return [];
  const { tags } = JSON.parse(body.toString()) as { tags: string[] | null };
  return (tags ?? []).sort().map((tag) => `${repository}:${tag}`);
}

function payloadOf(tag: string): string {
  return `openshift/release-images:${tag}`;
}

/** A site that has published a release and the graph image, which stay whatever comes. */
export async function openSiteWithRelease(): Promise<ReleaseSite> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await openReleaseSite());
  await site.addRelease({ version: '4.9.0', components: ['cli', 'etcd'] });
  site.addChannel('stable-4.9', { versions: ['4.9.0'] });
  await site.commit({
    'base.yaml': releaseSet({ graph: true, channels: [{ name: 'stable-4.9' }] }),
  });
  const { report } = await site.pass();
  expect(report).toMatchObject({ state: 'Applied', failures: [] });
  stack.move();
  return site;
}
