import { mkdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { formatBytes } from '../src/base/format-bytes.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { makeSmallSet } from './image-sets.ts';
import { makeTinyImages } from './quiet-images.ts';
import { type QuietRun, openQuietSite } from './quiet-site.ts';

/** `node bench/quiet.ts [NAME…]`: passes of the controller in which nothing, or next to nothing, is to do. */

const SMALL = 200;
const MANY = 5_000;
const PER_FILE = 1_000;

export const QUIET_BENCHMARKS: Readonly<Record<string, (base: string) => Promise<void>>> = {
  'run-again': benchRunAgain,
  'all-but-one': benchAllButOne,
};

/** `run --once` again over images that are all there, the lock in Git: no requests at all. */
async function benchRunAgain(base: string): Promise<void> {
  const storage = { source: join(base, 'source'), destination: join(base, 'destination') };
  const { images } = await makeSmallSet(storage.source, SMALL);
  await using site = await openQuietSite(base, storage);
  console.log(`\nrun-again: ${SMALL} images of 10 small layers, all there, by run --once`);
  await site.commit({ 'small.yaml': images });
  print('first pass, copies all', await site.measure('run', '--once'));
  print('nothing to do', await site.measure('run', '--once'));
  print('nothing to do, again', await site.measure('run', '--once'));
  await site.removeState();
  print('nothing to do, state lost', await site.measure('run', '--once'));
}

/**
 * The commit that adds one image to very many that are there. At most 5 s and 300 MiB, apart from the one copy. Where the
 * state is lost, every manifest is read again at the destination, whose CPU bounds that.
 */
async function benchAllButOne(base: string): Promise<void> {
  const storage = { source: join(base, 'source'), destination: join(base, 'destination') };
  await mkdir(base, { recursive: true });
  await makeTinyImages(MANY, [
    { storage: storage.source, path: '', count: MANY },
    { storage: storage.destination, path: 'site/', count: MANY - 2 },
  ]);
  await using site = await openQuietSite(base, storage);
  console.log(`\nall-but-one: ${MANY} tiny images, all there but one, by plan and run --once`);
  await site.commit(setsUpTo(MANY - 2));
  print(`first pass, takes ${MANY - 2} over`, await site.measure('run', '--once'));
  await site.commit(setsUpTo(MANY - 1));
  print('plan of one more', await site.measure('plan'), true);
  print('pass of one more', await site.measure('run', '--once'), true);
  await site.commit(setsUpTo(MANY));
  await site.removeState();
  print('plan of one more, state lost', await site.measure('plan'));
  print('pass of one more, after that', await site.measure('run', '--once'), true);
  print('nothing to do', await site.measure('run', '--once'), true);
}

/** Image sets of a thousand images each. */
function setsUpTo(count: number): Record<string, string[]> {
  const files: Record<string, string[]> = {};
  for (let from = 0; from < count; from += PER_FILE) {
    const length = Math.min(PER_FILE, count - from);
    files[`sets/${from}.yaml`] = Array.from(
      { length },
      (_, index) => `many/image-${from + index}:1`,
    );
  }
  return files;
}

function print(name: string, run: QuietRun, isDetailed = false): void {
  const { sourceRequests, destinationRequests } = run;
  console.log(
    [
      `  ${name.padEnd(30)} ${run.seconds.toFixed(2)} s (load ${(loadavg()[0] ?? 0).toFixed(1)})`,
      `CPU ${run.cpuSeconds.toFixed(2)} s`,
      `peak ${formatBytes(run.peakBytes)}`,
      `requests ${sourceRequests.length} at the source, ${destinationRequests.length} at the destination`,
    ].join(', '),
  );
  if (!isDetailed) return;
  for (const [end, requests] of Object.entries({
    source: sourceRequests,
    destination: destinationRequests,
  })) {
    for (const { method, path, status } of requests.slice(0, 20))
      console.log(`    ${end.padEnd(12)} ${status} ${method} ${path.split('?')[0] ?? ''}`);
  }
}

if (import.meta.main) {
  const chosen = process.argv.slice(2);
  for (const [name, run] of Object.entries(QUIET_BENCHMARKS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    await using folder = await temporaryFolder();
    await run(folder.path);
  }
}
