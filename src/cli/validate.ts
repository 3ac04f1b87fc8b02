import type { ControllerError } from '../base/controller-error.ts';
import { formatProblems } from '../base/field-problem.ts';
import { type LoadedImageSets, loadImageSets } from '../imageset/load-image-sets.ts';
import type { CommandIo } from './io.ts';
import { readConfigurationFiles } from './read-configuration-files.ts';
import { reportError } from './report-error.ts';

/** What the command has of the process. */
export type ValidateIo = Pick<CommandIo, 'stdout' | 'stderr' | 'cwd'>;

/**
 * `imageset validate PATH…`: image sets against schema and rules, without a request. The files may belong to
 * several mirrors, so what two files must not have in one mirror is a warning here.
 *
 * @returns the exit code: 0 where every image set is right and there is one, else 1.
 */
export async function validateCommand(
  paths: readonly string[],
  io: ValidateIo,
  output: 'text' | 'json' = 'text',
): Promise<number> {
  const { files, failures } = await readConfigurationFiles(paths, io.cwd);
  const loaded = loadImageSets(files, { isOneMirror: false });
  for (const failure of failures) io.stderr(reportError(failure, { withCauses: false }));
  const isEmpty = loaded.documents.length === 0 && loaded.problems.length === 0;
  const isWrong = isEmpty || failures.length > 0 || loaded.problems.length > 0;
  if (output === 'json') io.stdout(`${JSON.stringify(toJson(loaded, failures), null, 2)}\n`);
  else printText(loaded, { paths, isUnreadable: failures.length > 0 }, io);
  return isWrong ? 1 : 0;
}

function printText(
  { documents, problems, warnings, ignored }: LoadedImageSets,
  { paths, isUnreadable }: { readonly paths: readonly string[]; readonly isUnreadable: boolean },
  io: ValidateIo,
): void {
  if (warnings.length > 0)
    io.stderr(`${formatProblems(warnings).replaceAll(/^/gm, 'warning: ')}\n`);
  if (problems.length > 0) io.stdout(`${formatProblems(problems)}\n`);
  if (documents.length === 0 && problems.length === 0) {
    // Why a path could not be read was said before.
    if (isUnreadable) return;
    io.stderr(
      `no ImageSetConfiguration and no DeleteImageSetConfiguration in ${paths.join(', ')}\n`,
    );
    return;
  }
  const files = new Set(problems.map(({ position }) => position.path)).size;
  const counts = [
    problems.length === 0
      ? `${count(documents.length, 'image set')} valid`
      : `${count(problems.length, 'problem')} in ${count(files, 'file')}`,
    ...(warnings.length === 0 ? [] : [count(warnings.length, 'warning')]),
    ...(ignored.length === 0 ? [] : [`${count(ignored.length, 'other file')} ignored`]),
  ];
  io.stdout(`${counts.join(', ')}\n`);
}

function toJson(
  { documents, problems, warnings, ignored }: LoadedImageSets,
  failures: readonly ControllerError[],
): object {
  return {
    valid: problems.length === 0 && failures.length === 0 && documents.length > 0,
    unreadable: failures.map(({ code, message }) => ({ code, message })),
    documents: documents.map(({ kind, path, positionOf }) => ({
      path,
      line: positionOf([]).line,
      kind,
    })),
    problems,
    warnings,
    ignored,
  };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
