import { type Command, Option } from 'commander';
import { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import { formatBytes } from '../../base/format-bytes.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import { filesAtCommit } from '../../reconcile/files-at-commit.ts';
import { type FoundLine, findLines } from '../../reconcile/find-lines.ts';
import { lookAtHeads, openBranch } from '../../reconcile/reconcile-once.ts';
import type { ReconcileDependencies } from '../../reconcile/reconcile-dependencies.ts';
import { wantingEntries } from '../../reconcile/wanting-entries.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import { type ControllerOptions, addControllerOptions } from './controller-options.ts';
import { openController } from './open-controller.ts';
import { operatorLines } from './operator-lines.ts';
import { releaseLines } from './release-lines.ts';

interface WhyOptions extends ControllerOptions {
  readonly output: 'text' | 'json';
}

interface Explained {
  readonly mirror: string;
  readonly found: FoundLine;
  /** The entries at the commit of the lock; empty where nobody wants it. */
  readonly entries: readonly WantingEntry[];
  /** The commit of the lock, where the source does not have it any more: then only files are known, not entries. */
  readonly lostCommit: string | undefined;
}

/** `imageset why REF`: which entries want an image (design.md, section 7). */
export function addWhyCommand(program: Command, { io, signal, finish }: CommandContext): void {
  addControllerOptions(program.command('why'))
    .description(
      'which entries want an image: a destination, a source reference, a digest, a bundle or a release',
    )
    .argument('<ref>')
    .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
    .action(async (ref: string, options: WhyOptions) => {
      await using controller = await openController(options, options as unknown as RawFlags, io, {
        signal,
      });
      const explained = await explain(controller.dependencies, ref, options.mirror, signal);
      if (explained.length === 0) throw notFound(ref);
      io.stdout(options.output === 'json' ? toJson(explained) : explained.map(toText).join('\n'));
      finish(0);
    });
}

async function explain(
  dependencies: ReconcileDependencies,
  ref: string,
  only: string | undefined,
  signal: AbortSignal,
): Promise<Explained[]> {
  const { settings } = dependencies;
  const heads = await lookAtHeads(dependencies, signal);
  const branch = await openBranch(dependencies, heads.manifests, signal);
  const locks = await branch.locks(signal);
  const explained: Explained[] = [];
  for (const mirror of settings.mirrors.filter(({ name }) => name === (only ?? name))) {
    const own = locks.find(({ folder }) => folder === mirror.output);
    if (own?.error !== undefined) throw own.error;
    if (own?.lock === undefined) continue;
    const found = findLines(own.lock, ref);
    if (found.length === 0) continue;
    const { commit } = own.lock.source;
    const files = await filesAtCommit(dependencies.sourceGit, commit, mirror.paths, signal);
    for (const one of found) {
      const isKnown = files !== undefined && one.kind === 'image';
      const entries = isKnown ? wantingEntries(one, files, mirror) : [];
      const lostCommit = files === undefined ? commit : undefined;
      explained.push({ mirror: mirror.name, found: one, entries, lostCommit });
    }
  }
  return explained;
}

function toText({ mirror, found, entries, lostCommit }: Explained): string {
  const { line, place } = found;
  const platforms = line.platforms
    ?.map(({ os, architecture }) => `${os}/${architecture}`)
    .join(', ');
  return `${[
    place,
    `  mirror  ${mirror}`,
    `  digest  ${line.digest}`,
    `  source  ${line.source}`,
    `  size    ${formatBytes(line.bytes)}${platforms === undefined ? '' : ` (${platforms})`}`,
    ...releaseLines(found),
    ...operatorLines(found),
    ...reasonsOf(found, entries),
    ...(lostCommit === undefined
      ? []
      : [`  note    the source has no commit ${lostCommit} any more, so entries cannot be named`]),
  ].join('\n')}\n`;
}

function reasonsOf(found: FoundLine, entries: readonly WantingEntry[]): string[] {
  if (found.kind === 'deleting') {
    const { reason, since, held } = found.line;
    const waits = held === undefined ? '' : `; it waits: ${held}`;
    return [`  leaving, since ${since} asked for it (${reason})${waits}`];
  }
  const { wantedBy } = found.line;
  if (wantedBy.length === 0)
    return ['  wanted by nobody; a DeleteImageSetConfiguration that names it deletes it'];
  const named = entries.map(
    ({ position, field }) => `  wanted  by ${formatPosition(position)} (${field})`,
  );
  const inFiles = wantedBy.filter(
    (path) => !entries.some(({ position }) => position.path === path),
  );
  return [...named, ...inFiles.map((path) => `  wanted  by ${path}`)];
}

function toJson(explained: readonly Explained[]): string {
  const value = explained.map(({ mirror, found, entries }) => ({
    mirror,
    place: found.place,
    kind: found.kind,
    line: found.line,
    ...(found.release === undefined ? {} : { release: found.release }),
    ...(found.catalog === undefined ? {} : { catalog: found.catalog }),
    bundles: found.bundles.map(({ images, ...bundle }) => bundle),
    entries,
  }));
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function notFound(ref: string): ControllerError {
  return new ControllerError('USAGE', `no mirror has "${ref}"`, {
    remedy: 'wait-for-change',
    hint: 'Name a destination (PATH:TAG, with or without the registry), a source reference, a digest, a bundle or a release. What is not mirrored yet is in no lock: `imageset plan` shows it.',
  });
}
