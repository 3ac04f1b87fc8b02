import { ControllerError } from '../../base/controller-error.ts';
import { formatProblem, formatProblems } from '../../base/field-problem.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import type { Problem } from '../../imageset/problem.ts';
import { readConfigurationFiles } from '../read-configuration-files.ts';

export interface LoadedConfiguration {
  readonly documents: readonly ImageSetDocument[];
  /** What is wrong, but is said when images are collected (spec, config-and-outputs, 1.5, "Checked later"). */
  readonly lateProblems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Reads the file of `--config`.
 * @throws ControllerError IMAGESET_NOT_FOUND, IMAGESET_INVALID with every problem of the file.
 */
export async function loadConfiguration(path: string, cwd: string): Promise<LoadedConfiguration> {
  const { files, failures } = await readConfigurationFiles([path], cwd);
  const [failure] = failures;
  if (failure !== undefined) throw unreadable(inReferenceWords(path, failure), failure);
  if (files.some(({ named }) => !named) || files.length === 0) {
    throw unreadable(`${path} is a folder, not a file`);
  }
  const { documents, problems, warnings } = loadImageSets(files);
  const early = problems.filter(({ stage }) => stage === 'load');
  if (early.length > 0) throw invalid(formatProblems(early));
  const deleting = documents.find(({ kind }) => kind === 'delete');
  if (deleting !== undefined) {
    const position = deleting.positionOf(['kind']);
    const message = 'cannot parse "DeleteImageSetConfiguration" as "ImageSetConfiguration"';
    throw invalid(formatProblem({ position, field: 'kind', message }));
  }
  return {
    documents,
    lateProblems: problems.filter(({ stage }) => stage === 'collect'),
    warnings: warnings.map(formatProblem),
  };
}

/** Scripts look for these words (spec, config-and-outputs, 1.1). */
function inReferenceWords(path: string, { message, cause }: ControllerError): string {
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return isMissing ? `open ${path}: no such file or directory` : message;
}

function unreadable(message: string, cause?: ControllerError): ControllerError {
  return new ControllerError('IMAGESET_NOT_FOUND', `could not parse config: ${message}`, {
    remedy: 'wait-for-change',
    hint: 'Name an ImageSetConfiguration with --config.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function invalid(problems: string): ControllerError {
  return new ControllerError('IMAGESET_INVALID', `invalid configuration: ${problems}`, {
    remedy: 'wait-for-change',
  });
}
