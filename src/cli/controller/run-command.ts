import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type PassReport, exitCodeOf } from '../../reconcile/pass-report.ts';
import { lookAtHeads, reconcileOnce } from '../../reconcile/reconcile-once.ts';
import { runController } from '../../reconcile/run-controller.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import type { CommandIo } from '../io.ts';
import { type ControllerOptions, addControllerOptions } from './controller-options.ts';
import { type OpenController, afterGrace, openController } from './open-controller.ts';
import { formatReport, reportToJson } from './print-report.ts';
import { progressFor } from './progress-for.ts';

interface RunOptions extends ControllerOptions {
  readonly once?: true;
  readonly resync?: true;
  readonly output: 'text' | 'json';
}

/** `imageset run [--once [--resync]]`: the controller, or a single pass of it (design.md, sections 6 and 7). */
export function addRunCommand(program: Command, { io, signal, finish }: CommandContext): void {
  addControllerOptions(program.command('run'))
    .description('keep registries equal to what a Git repository says')
    .option(
      '--once',
      'a single pass; exit 0 applied or unchanged, 3 degraded, 4 stalled, 1 could not be made',
    )
    .option('--resync', 'with --once: look up every tag again')
    .addOption(
      new Option('--output <format>', 'what a pass prints')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (options: RunOptions) => {
      const raw = options as unknown as RawFlags;
      await using controller = await openController(options, raw, io, {
        signal,
        progressOf: await progressFor(io, options),
      });
      using grace = afterGrace(signal);
      finish(
        options.once === true
          ? await runOnce(controller, options, io, grace.signal)
          : await runForever(controller, options, io, signal, grace.signal),
      );
    });
}

async function runOnce(
  { dependencies }: OpenController,
  options: RunOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const heads = await lookAtHeads(dependencies, signal);
  const report = await reconcileOnce(
    dependencies,
    heads,
    {
      isResync: options.resync === true,
      ...(options.mirror === undefined ? {} : { only: new Set([options.mirror]) }),
    },
    signal,
  );
  print(report, options, io);
  return exitCodeOf(report);
}

async function runForever(
  { dependencies, stateFolder }: OpenController,
  options: RunOptions,
  io: CommandIo,
  stopping: AbortSignal,
  signal: AbortSignal,
): Promise<number> {
  await runController(
    dependencies,
    {
      stateFile: join(stateFolder, 'schedule.json'),
      onReport: (report) => {
        print(report, options, io);
      },
      onRequest: io.onHangup,
      stopping,
    },
    signal,
  );
  return 0;
}

function print(report: PassReport, { output }: RunOptions, io: CommandIo): void {
  io.stdout(output === 'json' ? reportToJson(report) : formatReport(report));
}
