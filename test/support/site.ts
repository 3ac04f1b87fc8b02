import { setMaxListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandIo } from '../../src/cli/io.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { type Lock, parseLock } from '../../src/lock/lock.ts';
import { testIo } from './command-io.ts';
import { type GitFixture, makeGitRepository } from './git-fixture.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A mirror of the settings file, as its author writes it. */
export interface SiteMirror {
  readonly name: string;
  readonly destination: string;
  readonly paths?: readonly string[];
  readonly output?: string;
  readonly deletion?: Readonly<Record<string, unknown>>;
  readonly resources?: Readonly<Record<string, unknown>>;
}

export interface SiteSettings {
  readonly mirrors: readonly SiteMirror[];
  readonly source?: Readonly<Record<string, unknown>>;
  readonly manifests?: Readonly<Record<string, unknown>>;
  readonly schedule?: Readonly<Record<string, unknown>>;
  readonly releases?: Readonly<Record<string, unknown>>;
}

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `run --once --output json` says of a mirror, as far as tests look. */
export interface SiteReport {
  readonly mirror: string;
  readonly state: 'Applied' | 'Unchanged' | 'Degraded' | 'Stalled';
  readonly commits: readonly string[];
  readonly deleted: number;
  readonly bytesSent: number;
  readonly problems: readonly { readonly message: string }[];
  readonly held: readonly { readonly destination: string; readonly why: string }[];
  readonly warnings: readonly string[];
  readonly failures: readonly { readonly wanted: string; readonly error: { code: string } }[];
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Pass extends Ran {
  readonly mirrors: readonly SiteReport[];
  readonly errors: readonly {
    readonly mirror: string;
    readonly error: { readonly code: string; readonly message: string };
  }[];
  /** The report of the first mirror. */
  readonly first: SiteReport;
}

/** A Git repository, a settings file and a state folder: what a controller runs on. Registries are the test's. */
export interface Site extends AsyncDisposable {
  readonly folder: string;
  /** Has the source branch `main`, and the branch `manifests` unless the settings say otherwise. */
  readonly git: GitFixture;
  readonly settingsFile: string;
  /** What the process's clock says; tests move it. */
  now: Date;
  configure(settings: SiteSettings): Promise<void>;
  /** Runs a command line with the site's settings, state and plain HTTP allowed. */
  run(args: readonly string[], options?: SiteRun): Promise<Ran>;
  /** `run --once`. */
  pass(args?: readonly string[], options?: SiteRun): Promise<Pass>;
  /** Commits of the manifests branch, newest first, their messages whole. */
  commits(): Promise<{ readonly id: string; readonly message: string }[]>;
  /** A text at a commit of the manifests branch, default its head; undefined where it is not there. */
  manifest(path: string, commit?: string): Promise<string | undefined>;
  lock(folder?: string, commit?: string): Promise<Lock>;
}

export interface SiteRun {
  readonly signal?: AbortSignal;
  readonly io?: Partial<CommandIo>;
}

export async function makeSite(settings: SiteSettings): Promise<Site> {
  const folder = await temporaryFolder();
  const git = await makeGitRepository(join(folder.path, 'repository.git'));
  const settingsFile = join(folder.path, 'settings.yaml');
  const environment = {
    PATH: process.env.PATH,
    HOME: folder.path,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  };

  async function run(args: readonly string[], options: SiteRun = {}): Promise<Ran> {
    const io = testIo({ environment, cwd: folder.path, now: () => site.now, ...options.io });
    const { signal = new AbortController().signal } = options;
    setMaxListeners(0, signal);
    const [command = '', ...rest] = args;
    const state = ['--settings', settingsFile, '--state', join(folder.path, 'state')];
    const plain = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    const line = [command, ...state, ...plain, '--log-format', 'json', ...rest];
    const code = await runCommandLine(line, io, signal);
    return { code, ...io.written };
  }

  async function manifest(path: string, commit = 'manifests'): Promise<string | undefined> {
    const listed = await git.git(['ls-tree', '-r', '--name-only', commit, '--', path]);
    return listed === '' ? undefined : `${await git.git(['show', `${commit}:${path}`])}\n`;
  }

  const site: Site = {
    folder: folder.path,
    git,
    settingsFile,
    now: new Date('2026-01-16T11:15:20Z'),
    async configure({ mirrors, source, manifests, schedule, releases }) {
      const value = {
        apiVersion: 'imageset-controller/v1alpha1',
        kind: 'ControllerSettings',
        source: { url: git.url, ...source },
        ...(manifests === undefined ? {} : { manifests }),
        ...(schedule === undefined ? {} : { schedule }),
        ...(releases === undefined ? {} : { releases }),
        mirrors,
      };
      await writeFile(settingsFile, JSON.stringify(value, undefined, 2));
    },
    run,
    async pass(args = [], options) {
      const ran = await run(['run', '--once', '--output', 'json', ...args], options);
      const none = { mirrors: [], errors: [] };
      const report = (ran.stdout === '' ? none : JSON.parse(ran.stdout)) as Omit<Pass, 'first'>;
      return {
        ...ran,
        ...report,
        get first(): SiteReport {
          const [first] = report.mirrors;
          if (first === undefined) throw new Error(`no report: ${ran.stdout}${ran.stderr}`);
          return first;
        },
      };
    },
    async commits() {
      const text = await git.git(['log', '--format=%H%x00%B%x01', 'manifests']);
      return text
        .split('\u0001')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '')
        .map((entry) => {
          const [id = '', message = ''] = entry.split('\0');
          return { id, message };
        });
    },
    manifest,
    async lock(at = '', commit = 'manifests') {
      const path = at === '' ? 'imageset.lock' : `${at}/imageset.lock`;
      return parseLock(path, (await manifest(path, commit)) ?? '');
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
  await site.configure(settings);
  return site;
}

/** An ImageSetConfiguration with additional images. */
export function imageSet(references: readonly string[]): string {
  return document('ImageSetConfiguration', 'mirror', references);
}

/** A DeleteImageSetConfiguration with additional images. */
export function deleteSet(references: readonly string[]): string {
  return document('DeleteImageSetConfiguration', 'delete', references);
}

function document(kind: string, key: string, references: readonly string[]): string {
  const head = [`apiVersion: mirror.openshift.io/v2alpha1`, `kind: ${kind}`];
  if (references.length === 0) return [...head, `${key}: {}`, ''].join('\n');
  const entries = references.map((reference) => `    - name: ${reference}`);
  return [...head, `${key}:`, '  additionalImages:', ...entries, ''].join('\n');
}
