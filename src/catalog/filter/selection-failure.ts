import { ControllerError } from '../../base/controller-error.ts';
import type { SelectionFinding } from '../catalog-selection.ts';

const SHOWN = 20;

/**
 * A selection that cannot be applied to a catalog, with everything that is wrong about it: a caller that knows
 * where the entries stand prints the findings with their positions instead of the message.
 */
export class SelectionFailure extends ControllerError {
  readonly findings: readonly SelectionFinding[];
  /** What would have been warned of. */
  readonly warnings: readonly SelectionFinding[];

  constructor(
    catalog: string,
    findings: readonly SelectionFinding[],
    warnings: readonly SelectionFinding[],
  ) {
    super('CATALOG_SELECTION', messageOf(catalog, findings), {
      remedy: 'wait-for-change',
      hint: [...new Set(findings.slice(0, SHOWN).flatMap(({ hint }) => hint ?? []))].join(' '),
    });
    this.findings = findings;
    this.warnings = warnings;
  }
}

function messageOf(catalog: string, findings: readonly SelectionFinding[]): string {
  const shown = findings.slice(0, SHOWN).map(({ message }) => message);
  const rest = findings.length - shown.length;
  const lines = rest > 0 ? [...shown, `and ${rest} more`] : shown;
  return `the selection cannot be applied to the catalog ${catalog}: ${lines.join('; ')}`;
}
