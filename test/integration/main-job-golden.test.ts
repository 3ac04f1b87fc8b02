import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { hasProgram, runProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/**
 * Recorded results of the reference tool, which are not ours to ship. `IMAGESET_SHARED` names the folder that has
 * them in `golden/`. Its program runs a case in namespaces of its own, with every host under its real name.
 */
const SHARED = process.env.IMAGESET_SHARED ?? join(import.meta.dirname, '../../../shared');
const GOLDEN = join(SHARED, 'golden');
const TOOL = fileURLToPath(new URL('../support/golden-tool.ts', import.meta.url));

/**
 * Of the cases of operators, those that end alike from a lock: a catalog by digest has another tag there, by design. Of
 * those of releases one of each sort.
 */
const CHOSEN_CASES: ReadonlySet<string> = new Set([
  ...[
    ...['again', 'full-catalog', 'heads', 'missing-bundle', 'missing-related', 'oci', 'platforms'],
    ...['resource-names', 'same-bundle-names', 'targets', 'two-catalogs', 'two-targets'],
  ].map((name) => `operators-${name}`),
  ...[
    ...['architecture-heads', 'blocked-component', 'eus-pair', 'graph', 'kubevirt', 'latest'],
    ...['okd', 'pinned-digest', 'platforms', 'two-channels'],
  ].map((name) => `release-${name}`),
]);

const Case = z.object({
  summary: z.string(),
  steps: z.array(z.object({ name: z.string(), args: z.array(z.coerce.string()).optional() })),
});

/** Codes of `run --once` where it is not 0: the reference tool knows one code for all of these. */
const CODES: Readonly<Record<string, number>> = {
  'additional-host-conflict': 3,
  'additional-missing': 3,
  'additional-platforms-strict': 3,
  'additional-unreachable': 3,
  'additional-target-invalid': 4,
  'operators-missing-bundle': 3,
  'operators-missing-related': 3,
};
const WITHOUT_BRANCH = new Set(['additional-host-conflict', 'additional-target-invalid']);

interface GoldenCase {
  readonly name: string;
  readonly summary: string;
  /** Steps from registry to registry, as the folders of their results are called. */
  readonly steps: readonly string[];
}

function goldenCases(): GoldenCase[] {
  const folder = join(GOLDEN, 'cases');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('additional-') || CHOSEN_CASES.has(name))
    .map((name) => {
      const text = readFileSync(join(folder, name, 'case.yaml'), 'utf8');
      const { summary, steps } = Case.parse(parseYaml(text));
      const chosen = steps.flatMap((step, index) =>
        step.args?.some((argument) => argument.startsWith('docker://')) === true &&
        !step.args.includes('--from')
          ? [`${String(index + 1).padStart(2, '0')}-${step.name}`]
          : [],
      );
      return { name, summary, steps: chosen };
    })
    .filter(({ steps }) => steps.length > 0);
}

/** What `golden check` prints where the results differ, without what only the reference tool's command line has. */
function differencesOf(output: string, steps: readonly string[]): string[] {
  const blocks = output.split(/^(?= {4}--- expected )/m).slice(1);
  return blocks.filter((block) => {
    const [, step = '', part = ''] = /^ {4}--- expected ([^/]+)\/(\S+)/.exec(block) ?? [];
    if (!steps.includes(step) || part === 'exit' || part.startsWith('pinned/')) return false;
    // JSON is for those who have no YAML: in Git one of them is enough.
    if (part === 'resources/signature-configmap.json') return false;
    return !/^resources\/(?:c|updateService)/.test(part) || !namesByDigest(block);
  });
}

/** Whether nothing differs but that we name the catalog, or the graph image, by digest (design.md, section 5, step 6). */
function namesByDigest(block: string): boolean {
  const [, , ...lines] = block.split('\n');
  const changed = lines.filter((line) => /^ {4}[-+]/.test(line));
  const [before = '', after = ''] = changed.map((line) => line.replace(/^ {4}[-+]\s+/, ''));
  const [, key, name] = /^(image|ref|graphDataImage): (\S+):[^:/]+$/.exec(before) ?? [];
  return (
    changed.length === 2 &&
    name !== undefined &&
    after.replace(/[0-9a-f]{64}$/, '') === `${key ?? ''}: ${name}@sha256:`
  );
}

const cases = goldenCases();
const missing = [
  ...(cases.length === 0 ? [`no cases in ${GOLDEN}; set IMAGESET_SHARED`] : []),
  ...['git', 'openssl', 'docker-registry', 'python3', 'unshare'].filter(
    (program) => !hasProgram(program),
  ),
  ...(process.getuid?.() === 0 ? [] : ['not root']),
];
const skipped = missing.length === 0 ? '' : ` (skipped: ${missing.join(', ')})`;

describe.skipIf(missing.length > 0)(
  `a pass puts images where the reference tool puts them, and writes its resources${skipped}`,
  () => {
    // vitest refuses an empty table, also where it is skipped.
    const table = cases.length > 0 ? cases : [{ name: 'no case', summary: '', steps: [] }];

    it.each(table)(
      '$name: $summary',
      async ({ name, steps }) => {
        await using kept = await temporaryFolder();

        const { stdout } = await runProgram(join(GOLDEN, 'golden'), [
          ...['check', name, '--tool', `${process.execPath} ${TOOL}`, '--keep', kept.path],
        ]);

        const output = stdout.toString('utf8');
        const logs = steps.map((step) =>
          readFileSync(join(kept.path, name, step, 'log.txt'), 'utf8'),
        );
        expect(differencesOf(output, steps), logs.join('')).toEqual([]);
        const codes = steps.map((step) =>
          Number(readFileSync(join(kept.path, name, step, 'exit'), 'utf8')),
        );
        expect(codes).toEqual(steps.map(() => CODES[name] ?? 0));
        const branch = WITHOUT_BRANCH.has(name) ? 'none' : 'there';
        for (const log of logs) expect(log).toContain(`manifests branch: ${branch}\n`);
      },
      120_000,
    );
  },
);
