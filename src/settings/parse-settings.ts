import { ControllerError } from '../base/controller-error.ts';
import { type FieldProblem, compareProblems, formatProblems } from '../base/field-problem.ts';
import { schemaProblems } from '../base/schema-problem.ts';
import { withoutBlanks } from '../base/without-blanks.ts';
import { readYaml } from '../base/yaml-document.ts';
import { ControllerSettings, SETTINGS_KIND, SETTINGS_VERSION } from './controller-settings.ts';
import { type Settings, toSettings } from './settings.ts';

/**
 * Reads a settings file (design.md, section 6).
 *
 * @throws ControllerError SETTINGS_INVALID, with all problems and their positions.
 */
export function parseSettings(path: string, text: string): Settings {
  const file = readYaml(path, text);
  const [document, ...others] = file.documents.filter(({ value }) => value !== null);
  if (document === undefined) {
    const position = { path, line: 1, column: 1 };
    const empty = { position, field: '', message: 'the file is empty' };
    throw invalid(path, file.problems.length > 0 ? file.problems : [empty]);
  }
  const problems: FieldProblem[] = [...file.problems, ...document.problems];
  for (const other of others) {
    const message = 'the settings are one document, and here is another';
    problems.push({ position: other.positionOf([]), field: '', message });
  }
  const result = ControllerSettings.safeParse(withoutBlanks(document.value));
  if (!result.success) {
    const found = schemaProblems(ControllerSettings, result.error.issues, document);
    const ofHead = found.filter(({ path: [field] }) => field === 'apiVersion' || field === 'kind');
    // Another kind of file: what else its fields are not is no news.
    const isForeign = ofHead.some(({ field, isMissing }) => field === 'kind' && !isMissing);
    problems.push(...(isForeign ? ofHead : found));
  }
  if (!result.success || problems.length > 0) throw invalid(path, problems);
  return toSettings(result.data);
}

function invalid(path: string, problems: readonly FieldProblem[]): ControllerError {
  const list = formatProblems(problems.toSorted(compareProblems));
  return new ControllerError('SETTINGS_INVALID', `the settings in ${path} are wrong:\n${list}`, {
    remedy: 'wait-for-change',
    hint: `The file is a ${SETTINGS_KIND} of ${SETTINGS_VERSION}; "imageset schema settings" describes it.`,
  });
}
