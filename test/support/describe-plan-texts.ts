import { describe, expect, it } from 'vitest';
import type { PlanReport } from '../../src/plan/plan-report.ts';
import { renderJson } from '../../src/plan/render-json.ts';
import { renderMarkdown } from '../../src/plan/render-markdown.ts';
import { renderText } from '../../src/plan/render-text.ts';

const FOLDER = new URL('../../src/plan/testdata/', import.meta.url);

/** Tests that plans are written as in `src/plan/testdata`, by name, and that nothing in them steers who reads them. */
export function describePlanTexts(reports: Readonly<Record<string, PlanReport>>): void {
  function golden(file: string): string {
    return new URL(file, FOLDER).pathname;
  }

  describe.each(Object.entries(reports))('a plan that is %s', (name, report) => {
    it('is written as text as in testdata', async () => {
      await expect(renderText(report)).toMatchFileSnapshot(golden(`${name}.txt`));
    });

    it('is written as Markdown as in testdata', async () => {
      await expect(renderMarkdown(report)).toMatchFileSnapshot(golden(`${name}.md`));
    });

    it('is written as JSON as in testdata', async () => {
      await expect(renderJson([report])).toMatchFileSnapshot(golden(`${name}.json`));
    });

    it.each([renderText, renderMarkdown, (one: PlanReport) => renderJson([one])])(
      'has no character that steers a terminal or turns text around (%o)',
      (render) => {
        expect(render(report)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
      },
    );
  });
}
