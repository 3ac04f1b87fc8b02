import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../src/base/format-bytes.ts';
import { makeCertificateAuthority } from '../test/support/certificates.ts';
import {
  type RunningDockerRegistry,
  startDockerRegistry,
} from '../test/support/docker-registry.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { benchCatalog } from './catalog.ts';
import { type ImageSet, makeLargeSet, makeSingleLayer, makeSmallSet } from './image-sets.ts';
import { type Measured, cpuOf, measureCommand, median } from './measure.ts';
import { QUIET_BENCHMARKS } from './quiet.ts';
import { benchReleases } from './releases.ts';
import { type Tool, imagesetMirror, skopeo } from './tools.ts';

/**
 * `npm run bench [-- NAME…]`: copies between two docker-registry processes over TLS, tools in turn, three rounds. Where the
 * disk is slow or shared, `TMPDIR=/dev/shm` measures without it (the large sets take 4 GiB there).
 */

const ROUNDS = 3;
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

interface Benchmark {
  readonly name: string;
  readonly make: (storage: string) => Promise<ImageSet>;
  readonly tools: readonly Tool[];
  /** Whether the destination has everything before it is measured. */
  readonly isFilled: boolean;
  /** Whether each copy is followed by one with nothing to do, whose peak is that of an idle start. */
  readonly hasIdleStart?: boolean;
}

const BENCHMARKS: readonly Benchmark[] = [
  {
    name: 'large',
    make: (storage) => makeLargeSet(storage),
    tools: [skopeo(4), imagesetMirror],
    isFilled: false,
  },
  {
    name: 'small',
    make: (storage) => makeSmallSet(storage),
    tools: [skopeo(8), imagesetMirror],
    isFilled: false,
  },
  {
    name: 'again',
    make: (storage) => makeSmallSet(storage),
    tools: [imagesetMirror],
    isFilled: true,
  },
  {
    name: 'memory',
    make: (storage) => makeSingleLayer(storage, 2048 * MIB),
    tools: [imagesetMirror],
    isFilled: false,
    hasIdleStart: true,
  },
];

interface Round extends Measured {
  readonly sourceRequests: number;
  readonly destinationRequests: number;
  /** User and system seconds of both registries. */
  readonly registries: { readonly user: number; readonly system: number };
  /** The peak of a start with nothing to do, bytes; undefined where it is not measured. */
  readonly idleBytes: number | undefined;
}

const chosen = process.argv.slice(2);
await using folder = await temporaryFolder();
const isChosen = (name: string): boolean => chosen.length === 0 || chosen.includes(name);
for (const benchmark of BENCHMARKS) {
  if (isChosen(benchmark.name)) await run(benchmark);
}
for (const [name, bench] of Object.entries(QUIET_BENCHMARKS)) {
  if (isChosen(name)) await bench(join(folder.path, name));
}
if (isChosen('catalog') && !(await benchCatalog())) process.exitCode = 1;
if (isChosen('releases') && !(await benchReleases())) process.exitCode = 1;

async function run(benchmark: Benchmark): Promise<void> {
  const base = join(folder.path, benchmark.name);
  await mkdir(join(base, 'certificates'), { recursive: true });
  const authority = await makeCertificateAuthority(join(base, 'certificates'));
  const certificate = await authority.issueServer();
  const tls = { ...certificate, ca: authority.ca };
  const certificates = join(base, 'trust');
  await mkdir(certificates);
  await copyFile(authority.caFile, join(certificates, 'ca.crt'));
  const set = await benchmark.make(join(base, 'source'));
  console.log(`\n${benchmark.name}: ${set.name}${benchmark.isFilled ? ', all there' : ''}`);

  const rounds = new Map<Tool, Round[]>(benchmark.tools.map((tool) => [tool, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const tool of benchmark.tools) {
      const storage = join(base, `destination-${round}-${benchmark.tools.indexOf(tool)}`);
      await using source = await startDockerRegistry({ tls, storageFolder: join(base, 'source') });
      await using destination = await startDockerRegistry({ tls, storageFolder: storage });
      const ends = {
        source: source.host,
        destination: destination.host,
        certificates,
        scratch: base,
      };
      if (benchmark.isFilled) await measureCommand(await tool.command(set, ends), process.env);
      // What the one before left to write is not this one's business.
      execFileSync('sync');
      const measured = await measure(await tool.command(set, ends), source, destination);
      const idle =
        benchmark.hasIdleStart === true
          ? await measureCommand(await tool.command(set, ends), process.env)
          : undefined;
      rounds.get(tool)?.push({ ...measured, idleBytes: idle?.peakBytes });
      // Thousands of small files stay until all is measured: for minutes ext4 steps over every inode that was freed,
      // which made a run up to a third slower than the one before. Large files are few, and take room.
      if (set.bytes >= GIB) await rm(storage, { recursive: true });
    }
  }
  print(set, rounds);
  await rm(base, { recursive: true });
}

async function measure(
  command: string,
  source: RunningDockerRegistry,
  destination: RunningDockerRegistry,
): Promise<Omit<Round, 'idleBytes'>> {
  const before = [(await source.requests()).length, (await destination.requests()).length] as const;
  const cpuBefore = [cpuOf(source.pid), cpuOf(destination.pid)];
  const measured = await measureCommand(command, process.env);
  const cpuAfter = [cpuOf(source.pid), cpuOf(destination.pid)];
  const used = (kind: 'user' | 'system'): number =>
    cpuAfter.reduce((sum, cpu) => sum + cpu[kind], 0) -
    cpuBefore.reduce((sum, cpu) => sum + cpu[kind], 0);
  return {
    ...measured,
    sourceRequests: (await source.requests()).length - before[0],
    destinationRequests: (await destination.requests()).length - before[1],
    registries: { user: used('user'), system: used('system') },
  };
}

function print(set: ImageSet, rounds: ReadonlyMap<Tool, readonly Round[]>): void {
  const of = (tool: Tool, value: (round: Round) => number): number =>
    median((rounds.get(tool) ?? []).map(value));
  const [first] = [...rounds.keys()];
  for (const tool of rounds.keys()) {
    const seconds = of(tool, (round) => round.seconds);
    const ratio = first === undefined ? 1 : of(first, (round) => round.seconds) / seconds;
    const perImage = (value: (round: Round) => number): string =>
      (of(tool, value) / set.images.length).toFixed(1);
    const perGib = of(tool, (round) => round.cpuSeconds) / (set.bytes / GIB);
    const idleBytes = of(tool, (round) => round.idleBytes ?? Number.NaN);
    const aboveIdle = of(tool, (round) => round.peakBytes) - idleBytes;
    console.log(
      [
        `  ${tool.name.padEnd(16)} ${seconds.toFixed(2)} s`,
        `${ratio.toFixed(2)} times as fast`,
        `CPU ${of(tool, (round) => round.cpuSeconds).toFixed(2)} s`,
        ...(set.bytes < GIB ? [] : [`CPU per GiB ${perGib.toFixed(2)} s`]),
        `registries ${of(tool, (round) => round.registries.user).toFixed(2)} s user, ${of(tool, (round) => round.registries.system).toFixed(2)} s system`,
        `requests per image ${perImage((round) => round.sourceRequests)} at the source, ${perImage((round) => round.destinationRequests)} at the destination`,
        `peak ${formatBytes(of(tool, (round) => round.peakBytes))}`,
        ...(Number.isNaN(idleBytes)
          ? []
          : [`idle start ${formatBytes(idleBytes)}`, `above it ${formatBytes(aboveIdle)}`]),
      ].join(', '),
    );
  }
}
