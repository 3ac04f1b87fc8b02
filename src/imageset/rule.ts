import type { z } from 'zod';
import type { RuleParams } from '../base/schema-problem.ts';

/** What the rules of image sets say beside their message. */
export interface ImageSetRuleParams extends RuleParams {
  readonly stage: 'load' | 'collect';
}

interface Finding {
  readonly message: string;
  readonly hint: string;
  /** `collect` where the reference tool notices it only in collection (spec, config-and-outputs, 1.5). */
  readonly stage: 'load' | 'collect';
  /** Below the value that the rule is about; default: that value itself. */
  readonly path?: readonly (string | number)[];
}

type RuleContext = Pick<z.core.$RefinementCtx, 'addIssue'>;

/** Reports what a rule found. It never keeps the schema from looking at the rest. */
export function report(context: RuleContext, { message, hint, stage, path = [] }: Finding): void {
  const params: ImageSetRuleParams = { hint, stage };
  context.addIssue({ code: 'custom', message, path: [...path], params: { ...params } });
}

/** Reports every entry whose key an earlier entry of the list has; undefined keys are not compared. */
export function reportDuplicates<T>(
  context: RuleContext,
  items: readonly T[],
  keyOf: (item: T) => string | undefined,
  finding: {
    readonly what: string;
    readonly list: string;
    readonly field: string;
  },
): void {
  const indexByKey = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const first = indexByKey.get(key);
    if (first === undefined) {
      indexByKey.set(key, index);
      continue;
    }
    report(context, {
      message: `duplicate ${finding.what} "${key}": ${finding.list}[${first}] has it already`,
      hint: 'Keep one, with all that both ask for.',
      stage: 'load',
      path: [index, finding.field],
    });
  }
}
