import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ControllerError } from '../../base/controller-error.ts';
import { formatProblems } from '../../base/field-problem.ts';
import { renderJson } from '../../plan/render-json.ts';
import { renderMarkdown } from '../../plan/render-markdown.ts';
import { renderText } from '../../plan/render-text.ts';
import { commitTree } from '../../reconcile/commit-tree.ts';
import { type DescribedPlan, describePlan } from '../../reconcile/describe-plan.ts';
import { diskTree } from '../../reconcile/disk-tree.ts';
import { fetchSource } from '../../reconcile/fetch-source.ts';
import { openContexts, type PassSubject } from '../../reconcile/open-contexts.ts';
import type { ReconcileDependencies } from '../../reconcile/reconcile-dependencies.ts';
import { lookAtHeads, openBranch } from '../../reconcile/reconcile-once.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import type { CommandIo } from '../io.ts';
import { type ControllerOptions, addControllerOptions } from './controller-options.ts';
import { openController } from './open-controller.ts';

interface PlanOptions extends ControllerOptions {
  readonly workingCopy?: string;
  readonly detailedExitcode?: true;
  readonly output: 'text' | 'markdown' | 'json';
}

/** The exit code of `--detailed-exitcode` when a pass would change something (design.md, section 7). */
const HAS_CHANGES = 2;

/** `imageset plan [REF]`: what a commit, branch or working copy would add, update, delete and hold. Changes nothing. */
export function addPlanCommand(program: Command, { io, signal, finish }: CommandContext): void {
  addControllerOptions(program.command('plan'))
    .description('show what a commit, a branch or a working copy would change')
    .argument('[ref]', 'branch, tag or commit of the source (default: the source branch)')
    .option('--working-copy <directory>', 'plan the files of a folder on disk')
    .option('--detailed-exitcode', 'exit 2 when there are changes')
    .addOption(
      new Option('--output <format>').choices(['text', 'markdown', 'json']).default('text'),
    )
    .action(async (ref: string | undefined, options: PlanOptions) => {
      await using controller = await openController(options, options as unknown as RawFlags, io, {
        signal,
      });
      finish(await plan(controller.dependencies, ref, options, io, signal));
    });
}

async function plan(
  dependencies: ReconcileDependencies,
  ref: string | undefined,
  options: PlanOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const subject = await openSubject(dependencies, ref, options, io, signal);
  const contextOf = await openContexts(dependencies, subject, { isResync: false }, signal);
  const chosen = dependencies.settings.mirrors.filter(
    ({ name }) => name === (options.mirror ?? name),
  );
  const plans: DescribedPlan[] = [];
  let isWrong = false;
  for (const mirror of chosen) {
    const context = contextOf(mirror);
    const { problems, warnings } = context.files;
    if (problems.length > 0) {
      // A plan tells its warnings itself; of these files there is none.
      if (warnings.length > 0) io.stderr(`${formatProblems(warnings)}\n`);
      io.stderr(`${formatProblems(problems)}\n`);
      isWrong = true;
      continue;
    }
    plans.push(await describePlan(context, signal));
  }
  io.stdout(render(plans, options.output));
  if (isWrong || plans.some(({ report }) => report.plan.failures.length > 0)) return 1;
  return options.detailedExitcode === true && plans.some(({ hasChanges }) => hasChanges)
    ? HAS_CHANGES
    : 0;
}

async function openSubject(
  dependencies: ReconcileDependencies,
  ref: string | undefined,
  { workingCopy }: PlanOptions,
  io: CommandIo,
  signal: AbortSignal,
): Promise<PassSubject> {
  const { sourceGit } = dependencies;
  const heads = await lookAtHeads(dependencies, signal);
  const branch = await openBranch(dependencies, heads.manifests, signal);
  if (workingCopy !== undefined) {
    // No commit has these files.
    const source = { commit: '', branch: `working copy ${workingCopy}`, subject: '' };
    return { source, branch, tree: diskTree(await folderAt(workingCopy, io)) };
  }
  const commit = ref === undefined ? heads.source : await sourceGit.fetchRevision(ref, signal);
  const source = await fetchSource(dependencies, commit, signal);
  const shown = ref === undefined ? source : { ...source, branch: ref };
  return { source: shown, branch, tree: commitTree(sourceGit, commit) };
}

/** @throws ControllerError USAGE where there is no folder. */
async function folderAt(path: string, { cwd }: CommandIo): Promise<string> {
  const folder = resolve(cwd, path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return folder;
  throw new ControllerError('USAGE', `${path} is no folder`, {
    remedy: 'wait-for-change',
    hint: 'Give --working-copy the root of a working copy of the source repository.',
  });
}

function render(plans: readonly DescribedPlan[], output: PlanOptions['output']): string {
  const reports = plans.map(({ report }) => report);
  switch (output) {
    case 'json':
      return renderJson(reports);
    case 'markdown':
      return reports.map(renderMarkdown).join('\n');
    case 'text':
      return reports.map(renderText).join('\n');
    default:
      return output satisfies never;
  }
}
