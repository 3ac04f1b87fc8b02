import { formatBytes } from '../src/base/format-bytes.ts';
import { loadImageSets } from '../src/imageset/load-image-sets.ts';
import { formatLock, parseLock } from '../src/lock/lock.ts';
import { parseDestination } from '../src/oci/destination.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import { isSameState, nextLock, successOf } from '../src/plan/next-lock.ts';
import { renderOutput } from '../src/reconcile/render-output.ts';
import { additionalEntries } from '../src/resolve/additional-entries.ts';
import { additionalRequests } from '../src/resolve/additional-requests.ts';
import { resolveImages } from '../src/resolve/resolve-images.ts';
import { unitePlaces } from '../src/resolve/unite-places.ts';
import { settingsFromFlags } from '../src/settings/settings-from-flags.ts';
import { makeLargeLock } from '../test/support/large-lock.ts';
import { makeMirrorSite } from '../test/support/mirror-site.ts';
import { measureCommand } from './measure.ts';

/**
 * `node bench/large-lock.ts [IMAGES]`: a lock is read, planned with nothing to do and written, in CPU seconds of
 * each step; then whole passes over the same as processes, image sets and Git included, with nothing to do.
 */

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;
const IMAGES = Number(process.argv[2] ?? 57_000);
const LIMIT_SECONDS = 3;
const DESTINATION = 'mirror.invalid:1/site';
const COMMIT = '4f5e6d7c8b9a4f5e6d7c8b9a4f5e6d7c8b9a4f5e';
const signal = new AbortController().signal;

const seconds = new Map<string, number>();
const made = makeLargeLock(IMAGES, DESTINATION, COMMIT);
const text = formatLock(made.lock);
const destination = parseDestination(`docker://${DESTINATION}`);
const [mirror] = settingsFromFlags({
  source: 'file:///nowhere',
  destination: `docker://${DESTINATION}`,
}).mirrors;
if (mirror === undefined) throw new Error('the settings have a mirror');

const documents = timed('image sets read', () => {
  const files = Object.entries(made.files).map(([path, content]) => ({
    path,
    text: content,
    named: false,
  }));
  return loadImageSets(files).documents;
});
const lock = timed('lock read', () => parseLock('imageset.lock', text));
const digests = new Map(lock.images.map(({ source, digest }) => [source, digest]));
const { entries } = additionalEntries(documents);
const started = process.cpuUsage();
const resolved = unitePlaces(
  await resolveImages(
    additionalRequests(entries, destination).requests,
    {
      lockedDigest: (source) => digests.get(source),
      lookUpDigest: () => Promise.reject(new Error('nobody is to be asked')),
      parallel: 8,
    },
    signal,
  ),
);
seconds.set('entries resolved', cpuSince(started));
const plan = timed('planned', () =>
  makePlan({
    mirror: lock.mirror,
    destination,
    source: lock.source,
    lock,
    configurations: lock.configurations,
    deletions: [],
    catalogs: [],
    releases: [],
    wanted: resolved.wanted,
    named: new Map(),
    failures: resolved.failures,
    found: [],
    policy: mirror.deletion,
    others: [],
    blobsOf: () => undefined,
  }),
);
const next = timed('next lock made and compared', () => {
  const after = nextLock(plan, lock, successOf(plan));
  if (!isSameState(after, lock)) throw new Error('there was something to do');
  return after;
});
const parts = { templates: new Map(), signatures: new Map() };
timed('resources and lock written', () => renderOutput(next, mirror, parts));

const total = [...seconds].reduce(
  (sum, [name, one]) => (name === 'image sets read' ? sum : sum + one),
  0,
);
console.log(`${IMAGES} images, a lock of ${(text.length / 1e6).toFixed(1)} MB`);
for (const [name, one] of seconds) console.log(`  ${name.padEnd(28)} ${one.toFixed(2)} s`);
console.log(
  `  lock read, planned, written  ${total.toFixed(2)} s of CPU (at most ${LIMIT_SECONDS} s)`,
);

await using site = await makeMirrorSite();
const commit = await site.git.commit('main', made.files);
const published = renderOutput({ ...lock, source: { commit, branch: 'main' } }, mirror, parts);
await site.git.commit('manifests', Object.fromEntries(published.files));
const flags = ['--source', site.git.url, '--destination', `docker://${DESTINATION}`];
await printPass('first pass, with the fetch');
await site.git.commit('main', { 'README.md': 'about\n' });
await printPass('a commit about something else');
await printPass('nothing changed');
if (IMAGES <= 57_000 && total > LIMIT_SECONDS) process.exitCode = 1;

/** A pass by a process of its own, with the memory of that alone. */
async function printPass(name: string): Promise<void> {
  const line = [process.execPath, MAIN, 'run', '--once', ...flags, '--state', site.stateFolder];
  const { cpuSeconds, peakBytes } = await measureCommand(line.join(' '), site.environment);
  console.log(`  ${name.padEnd(30)} ${cpuSeconds.toFixed(2)} s, peak ${formatBytes(peakBytes)}`);
}

function timed<T>(name: string, work: () => T): T {
  const from = process.cpuUsage();
  const result = work();
  seconds.set(name, cpuSince(from));
  return result;
}

/** Of all threads, garbage collection too: unlike the clock it does not tell who else is busy. */
function cpuSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}
