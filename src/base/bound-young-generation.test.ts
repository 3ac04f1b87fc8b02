import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const RUN = promisify(execFile);
const MODULE = new URL('./bound-young-generation.ts', import.meta.url).href;

/** The size of the young generation, MiB, after thousands of objects have survived it. */
async function sizeAfterWork(before: string): Promise<number> {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { boundYoungGeneration } from '${MODULE}';
    ${before}
    const kept = [];
    for (let index = 0; index < 500_000; index += 1) kept.push({ index, list: [index] });
    const { space_size: size } = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    console.log(kept.length > 0 ? size / 2 ** 20 : 0);`;
  const { stdout } = await RUN(process.execPath, ['--input-type=module', '--eval', script]);
  return Number(stdout);
}

it('keeps the young generation as large as it is', async () => {
  expect(await sizeAfterWork('boundYoungGeneration();')).toBeLessThan(10);
  expect(await sizeAfterWork('')).toBeGreaterThan(20);
});
