import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { boundYoungGeneration } from '../../base/bound-young-generation.ts';
import { ControllerError } from '../../base/controller-error.ts';
import type { Log } from '../../base/log.ts';
import { systemReason } from '../../base/system-reason.ts';
import { type GitRepository, openGitRepository } from '../../git/git-repository.ts';
import type { GitRemote } from '../../git/git-remote.ts';
import { silentProgress } from '../../mirror/progress-sink.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import { openQuietPasses } from '../../reconcile/quiet-passes.ts';
import type { ReconcileDependencies } from '../../reconcile/reconcile-dependencies.ts';
import { parseSettings } from '../../settings/parse-settings.ts';
import type { Settings } from '../../settings/settings.ts';
import { settingsFromFlags } from '../../settings/settings-from-flags.ts';
import { type RawFlags, readEndFlags } from '../end-options.ts';
import type { CommandIo } from '../io.ts';
import { makeLog } from '../make-log.ts';
import { packageVersion } from '../package-version.ts';
import type { ControllerOptions } from './controller-options.ts';
import { openControllerEnds } from './open-controller-ends.ts';
import { openControllerReleases } from './open-controller-releases.ts';

/** Everything that the commands of the controller are made with; to be disposed. */
export interface OpenController extends AsyncDisposable {
  readonly dependencies: ReconcileDependencies;
  readonly stateFolder: string;
  readonly log: Log;
}

/** How long work in flight may go on after the first signal (design.md, section 6). */
const GRACE_MS = 20_000;

/**
 * Reads the settings and opens what they name; asks nobody anything yet.
 * @throws ControllerError SETTINGS_INVALID, USAGE, GIT_INVALID, STATE_UNAVAILABLE, REGISTRIES_CONF_INVALID.
 */
export async function openController(
  options: ControllerOptions,
  raw: RawFlags,
  io: CommandIo,
  {
    signal,
    progressOf = () => silentProgress,
  }: {
    readonly signal: AbortSignal;
    readonly progressOf?: ReconcileDependencies['progressOf'];
  },
): Promise<OpenController> {
  boundYoungGeneration();
  const log = makeLog({
    level: options.logLevel,
    format: options.logFormat ?? (io.isTerminal.stderr ? 'text' : 'json'),
    isTerminal: io.isTerminal.stderr,
    write: io.stderr,
  });
  const settings = chosen(await readSettings(options, io), options.mirror);
  const stateFolder = stateFolderOf(options, io);
  const environment = io.environment;
  const open = (remote: GitRemote): Promise<GitRepository> =>
    openGitRepository({ folder: gitFolder(stateFolder, remote), remote, environment, log }, signal);
  const sourceGit = await open(settings.source);
  const isOne =
    gitFolder(stateFolder, settings.source) === gitFolder(stateFolder, settings.manifests);
  const manifestsGit = isOne ? sourceGit : await open(settings.manifests);
  const flags = { source: readEndFlags(raw, 'src'), destination: readEndFlags(raw, 'dest') };
  const ends = await openControllerEnds({ flags, settings, stateFolder, environment, log });
  const releases = openControllerReleases({
    ...{ settings: settings.releases, stateFolder, environment, log },
    ...{ cwd: io.cwd, now: io.now },
  });
  return {
    dependencies: {
      ...{ settings, sourceGit, manifestsGit, ends, releases, log },
      quietPasses: openQuietPasses(join(stateFolder, 'quiet.json'), packageVersion(), log),
      progressOf,
      clock: io.now,
      stopping: signal,
    },
    stateFolder,
    log,
    async [Symbol.asyncDispose]() {
      await ends[Symbol.asyncDispose]();
      await releases[Symbol.asyncDispose]();
    },
  };
}

/** A signal that is aborted a while after the first one: what is in flight until then may finish. */
export function afterGrace(signal: AbortSignal): { readonly signal: AbortSignal } & Disposable {
  const hard = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => {
      hard.abort(signal.reason);
    }, GRACE_MS);
    timer.unref();
  };
  if (signal.aborted) hard.abort(signal.reason);
  else signal.addEventListener('abort', start, { once: true });
  return {
    signal: hard.signal,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', start);
      clearTimeout(timer);
    },
  };
}

async function readSettings(options: ControllerOptions, io: CommandIo): Promise<Settings> {
  if (options.settings !== undefined) {
    const file = resolve(io.cwd, options.settings);
    return parseSettings(options.settings, await readSettingsFile(file, options.settings));
  }
  const { source, destination } = options;
  if (source === undefined || destination === undefined) {
    throw new ControllerError('USAGE', 'it is not said what to mirror', {
      remedy: 'wait-for-change',
      hint: 'Give --settings FILE, or --source URL and --destination docker://HOST/PATH.',
    });
  }
  const { branch, manifestsBranch, path, outputFolder } = options;
  return settingsFromFlags({
    source,
    destination,
    branch,
    manifestsBranch,
    path,
    output: outputFolder,
  });
}

async function readSettingsFile(file: string, shown: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const message = `the settings file ${shown} cannot be read: ${systemReason(cause)}`;
    throw new ControllerError('SETTINGS_INVALID', message, {
      remedy: 'wait-for-change',
      hint: 'Name the file with --settings, and let the user of this command read it.',
      cause,
    });
  }
}

/** Only one mirror is looked at; what the others want is known from their locks and files all the same. */
function chosen(settings: Settings, name: string | undefined): Settings {
  if (name === undefined || settings.mirrors.some((mirror) => mirror.name === name))
    return settings;
  const names = settings.mirrors.map((mirror) => mirror.name).join(', ');
  throw new ControllerError('USAGE', `the settings have no mirror ${name}`, {
    remedy: 'wait-for-change',
    hint: `They have: ${names}.`,
  });
}

function stateFolderOf({ state }: ControllerOptions, { cwd, environment }: CommandIo): string {
  if (state !== undefined) return resolve(cwd, state);
  const { XDG_STATE_HOME: stateHome = '', HOME: home = '' } = environment;
  if (stateHome !== '') return join(stateHome, 'imageset');
  if (home !== '') return join(home, '.local/state/imageset');
  throw new ControllerError(
    'USAGE',
    'there is no place for the state: neither XDG_STATE_HOME nor HOME is set',
    {
      remedy: 'wait-for-change',
      hint: 'Give --state DIRECTORY.',
    },
  );
}

/** One bare repository for each remote and each set of credentials. */
function gitFolder(stateFolder: string, remote: GitRemote): string {
  const { url, username, passwordFile, tokenFile, sshKeyFile, knownHostsFile, caFile } = remote;
  const key = JSON.stringify([
    url,
    username,
    passwordFile,
    tokenFile,
    sshKeyFile,
    knownHostsFile,
    caFile,
  ]);
  return join(stateFolder, 'git', `${hexOf(digestOf(Buffer.from(key))).slice(0, 16)}.git`);
}
