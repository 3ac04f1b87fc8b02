import { type Command, Option } from 'commander';
import { ControllerError } from '../../base/controller-error.ts';
import { type ImageChange, imageHistory } from '../../reconcile/image-history.ts';
import { LOCK_FILE } from '../../reconcile/manifests-branch.ts';
import { lookAtHeads, openBranch } from '../../reconcile/reconcile-once.ts';
import type { ReconcileDependencies } from '../../reconcile/reconcile-dependencies.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import { type ControllerOptions, addControllerOptions } from './controller-options.ts';
import { openController } from './open-controller.ts';

interface LogOptions extends ControllerOptions {
  readonly output: 'text' | 'json';
}

/** `imageset log REF`: which commits added, changed or removed an image (design.md, section 7). */
export function addLogCommand(program: Command, { io, signal, finish }: CommandContext): void {
  addControllerOptions(program.command('log'))
    .description('which commits added, changed or removed an image')
    .argument('<ref>')
    .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
    .action(async (ref: string, options: LogOptions) => {
      await using controller = await openController(options, options as unknown as RawFlags, io, {
        signal,
      });
      const changes = await historyOf(controller.dependencies, ref, options.mirror, signal);
      if (changes.length === 0) {
        throw new ControllerError('USAGE', `no commit of the manifests branch has "${ref}"`, {
          remedy: 'wait-for-change',
          hint: 'Name a destination (PATH:TAG, with or without the registry), a source reference or a digest.',
        });
      }
      io.stdout(options.output === 'json' ? toJson(changes) : changes.map(toText).join(''));
      finish(0);
    });
}

async function historyOf(
  dependencies: ReconcileDependencies,
  ref: string,
  only: string | undefined,
  signal: AbortSignal,
): Promise<ImageChange[]> {
  const { settings, manifestsGit } = dependencies;
  const heads = await lookAtHeads(dependencies, signal);
  const head = (await openBranch(dependencies, heads.manifests, signal)).head();
  if (head === undefined) return [];
  const changes: ImageChange[] = [];
  for (const { output } of settings.mirrors.filter(({ name }) => name === (only ?? name))) {
    const lockPath = output === '' ? LOCK_FILE : `${output}/${LOCK_FILE}`;
    for await (const change of imageHistory(manifestsGit, { head, lockPath, text: ref }, signal))
      changes.push(change);
  }
  return changes;
}

function toText({ commit, change, place, digest, sourceCommit }: ImageChange): string {
  const day = commit.committer.time.toISOString().slice(0, 16).replace('T', ' ');
  const source = sourceCommit === undefined ? '' : `, source commit ${sourceCommit.slice(0, 12)}`;
  return `${commit.id.slice(0, 12)} ${day} ${change.padEnd(7)} ${place}@${digest}${source}\n             ${commit.subject}\n`;
}

function toJson(changes: readonly ImageChange[]): string {
  const value = changes.map(({ commit, ...change }) => ({
    ...change,
    commit: commit.id,
    time: commit.committer.time.toISOString(),
    subject: commit.subject,
  }));
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
