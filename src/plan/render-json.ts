import type { PlanReport } from './plan-report.ts';

/** Characters that JSON leaves as they are and that steer terminals or turn text around. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Plans for machines: all that the other forms show, and all that they fold. One object a mirror. */
export function renderJson(reports: readonly PlanReport[]): string {
  const value = {
    plans: reports.map(({ plan, catalogs, releases, warnings, nodes }) => {
      return {
        ...withErrors(plan),
        releaseChanges: releases,
        catalogChanges: catalogs,
        warnings,
        nodes,
      };
    }),
  };
  const text = JSON.stringify(value, null, 2).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}

/** Errors have no fields of their own for JSON. */
function withErrors(plan: PlanReport['plan']): object {
  return {
    ...plan,
    failures: plan.failures.map(({ entries, wanted, error }) => {
      const { code, message, hint, remedy } = error;
      return { entries, wanted, error: { code, message, hint, remedy } };
    }),
  };
}
