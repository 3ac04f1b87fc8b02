import type { Command } from 'commander';
import { boundYoungGeneration } from '../../base/bound-young-generation.ts';
import { ControllerError } from '../../base/controller-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import type { CommandIo } from '../io.ts';
import { packageVersion } from '../package-version.ts';
import { reportError } from '../report-error.ts';
import { type Workflow, checkCommonFlags, checkMirrorArguments } from './check-arguments.ts';
import { formatDuration } from './format-duration.ts';
import { loadConfiguration } from './load-configuration.ts';
import {
  type MirrorLog,
  type MirrorLogLevel,
  createMirrorLog,
  formatErrorLine,
  formatStamp,
} from './mirror-log.ts';
import { type MirrorFlags, addMirrorOptions, readMirrorFlags } from './mirror-options.ts';
import { type MirrorEnd, checkDestination, mirrorToMirror } from './mirror-to-mirror.ts';
import { openEnds, openRegistryLog } from './open-ends.ts';
import { makeFolder, openWorkspace, prepareWorkspace } from './workspace.ts';

/** Below the flags. */
const ENVIRONMENT = `
Environment, for releases:
  UPDATE_URL_OVERRIDE            the update service, in place of the public one
  OCP_SIGNATURE_URL              the store of signatures
  OCP_SIGNATURE_VERIFICATION_PK  a file with the public keys whose signatures count
  GRAPH_DATA_URL_OVERRIDE        the archive that the graph image is made of
  GRAPH_BASE_OVERRIDE            the image that the graph image is built on`;

/** `imageset mirror`: the reference tool's workflows, flags, files and exit codes (design.md, section 7). */
export function addMirrorCommand(program: Command, { io, signal, finish }: CommandContext): void {
  const command = program
    .command('mirror')
    .description('mirror what an ImageSetConfiguration asks for (the default command)')
    .argument('[destination...]', 'docker://HOST[:PORT][/PATH]')
    .usage('-c FILE --workspace file://DIR docker://HOST[:PORT][/PATH] [flags]')
    .addHelpText('after', ENVIRONMENT);
  addMirrorOptions(command);
  command.action(async (words: readonly string[], raw: RawFlags) => {
    finish(await mirrorCommand({ words, raw, usage: command.helpInformation() }, io, signal));
  });
}

export interface MirrorArguments {
  readonly words: readonly string[];
  readonly raw: RawFlags;
  /** Printed with errors of the arguments. */
  readonly usage: string;
}

/** @returns the exit code (spec, config-and-outputs, 8.6). */
export async function mirrorCommand(
  { words, raw, usage }: MirrorArguments,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const checked = checkArguments(words, raw, io);
  if (checked instanceof ControllerError) {
    io.stderr(`${usage}\n${formatErrorLine(checked.message, io.now())}`);
    return 1;
  }
  const log = createMirrorLog(io, checked.level);
  const end = await orReport(checked.level, log, io, async () => {
    log.info('👋 Hello, welcome to imageset');
    log.info(`⚙️  environment version: v${packageVersion()}`);
    return runWorkflow(checked, log, io, signal);
  });
  if (end.error !== undefined) log.error(`[Executor] ${end.error} `);
  return end.code;
}

interface CheckedArguments {
  readonly flags: MirrorFlags;
  readonly level: MirrorLogLevel;
  readonly workflow: Workflow;
}

function checkArguments(
  words: readonly string[],
  raw: RawFlags,
  { environment }: CommandIo,
): CheckedArguments | ControllerError {
  try {
    const flags = readMirrorFlags(raw);
    const level = checkCommonFlags(flags, environment);
    return { flags, level, workflow: checkMirrorArguments(words, flags) };
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'USAGE') return error;
    throw error;
  }
}

async function runWorkflow(
  { flags, workflow, level }: CheckedArguments,
  log: MirrorLog,
  io: CommandIo,
  signal: AbortSignal,
): Promise<MirrorEnd> {
  refuseWhatIsMissing(flags);
  boundYoungGeneration();
  if (workflow.kind !== 'mirrorToMirror') throw onlyToMirror(workflow.kind);
  const configuration = await loadConfiguration(flags.config, io.cwd);
  for (const warning of configuration.warnings) log.warn(warning);

  const started = io.now();
  const stamp = formatStamp(started, 'file');
  const workspace = openWorkspace(workflow.workspace, io.cwd);
  await makeFolder(workspace, 'logs');
  log.openFile(workspace.path('logs', `oc-mirror-${stamp}.log`));
  log.info('🔀 workflow mode: mirrorToMirror ');
  await prepareWorkspace(workspace);

  const registryLog = openRegistryLog(workspace.path('logs', `registry-${stamp}.log`));
  const { environment, cwd, now } = io;
  const catalogFolder = workspace.path('operator-catalogs');
  await using ends = await openEnds({ flags, registryLog, environment, catalogFolder });
  const hasReleases = configuration.documents.some(({ content }) => content.platform !== undefined);
  // Loaded when releases are wanted: with what catalogs need it is a third of all code.
  await using releases = hasReleases
    ? (await import('./open-mirror-releases.ts')).openMirrorReleases({
        ...{ environment, workspace, cwd, now, log, registryLog },
        retry: { times: Math.max(0, flags.retryTimes), delayMs: Math.max(0, flags.retryDelayMs) },
      })
    : undefined;
  const { maxNestedPaths } = flags;
  const destination = await checkDestination(
    workflow.destination,
    { ends, log, maxNestedPaths },
    signal,
  );
  const terminal = level === 'error' ? undefined : io.terminal;
  const run = {
    ...{ configuration, destination, flags, workspace, ends, releases },
    ...{ cwd, log, now, terminal, stamp },
  };
  const end = await orReport(level, log, io, () => mirrorToMirror(run, signal));
  log.info(`mirror time     : ${formatDuration(io.now().getTime() - started.getTime())}`);
  log.info('👋 Goodbye, thank you for using imageset');
  return end;
}

/** What ends a command without a result of its own: exit 1, a defect with its stack. */
async function orReport(
  level: MirrorLogLevel,
  log: MirrorLog,
  io: CommandIo,
  work: () => Promise<MirrorEnd>,
): Promise<MirrorEnd> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ControllerError)) {
      io.stderr(reportError(error, { withCauses: true }));
      return { code: 1, error: error instanceof Error ? error.message : String(error) };
    }
    if (level === 'debug' || level === 'trace') {
      log.debug(reportError(error, { withCauses: true }).trimEnd());
    }
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    return { code: 1, error: `${error.message}${hint}` };
  }
}

/** Better refused than ignored. @throws ControllerError USAGE */
function refuseWhatIsMissing({ dryRunManifestLists, securePolicy }: MirrorFlags): void {
  if (dryRunManifestLists) {
    throw refused(
      'this version does not list the instances of manifest lists',
      'Use --dry-run, which lists the images themselves.',
    );
  }
  if (securePolicy) {
    throw refused(
      'this version does not enforce a trust policy',
      'Leave --secure-policy out, if you trust the sources; it is refused, since nothing would be checked.',
    );
  }
}

function onlyToMirror(kind: string): ControllerError {
  return refused(
    `this version mirrors from registry to registry only, not ${kind}`,
    'Give --workspace file://DIR and docker://HOST/PATH.',
  );
}

function refused(message: string, hint: string): ControllerError {
  return new ControllerError('USAGE', message, { remedy: 'wait-for-change', hint });
}
