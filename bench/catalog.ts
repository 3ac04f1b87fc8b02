import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../src/base/format-bytes.ts';
import { makeCertificateAuthority } from '../test/support/certificates.ts';
import {
  type RunningDockerRegistry,
  startDockerRegistry,
} from '../test/support/docker-registry.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { type CatalogShape, packageName } from './catalog-documents.ts';
import { type GeneratedCatalog, LARGE_CATALOG, generateCatalog } from './catalog-generator.ts';
import { type Measured, measureCommand, median } from './measure.ts';

/** What a run may take, in times of the yardstick, seconds and bytes. */
interface Limits {
  /** What a cold run is compared with: copy and `tar`, or `tar` alone. */
  readonly yardstick: 'copy-and-tar' | 'tar';
  readonly coldTimes: number;
  /** Absent: whatever it takes. */
  readonly againSeconds?: number;
  readonly peakBytes: number;
}

const MIB = 1024 * 1024;
const LIMITS: Readonly<Record<CatalogShape['syntax'], Limits>> = {
  json: { yardstick: 'copy-and-tar', coldTimes: 2, againSeconds: 0.6, peakBytes: 250 * MIB },
  yaml: { yardstick: 'tar', coldTimes: 12, peakBytes: 250 * MIB },
};
const CHOSEN_PACKAGES = 20;
const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

export interface CatalogBenchOptions {
  /** 1: as large as `LARGE_CATALOG`; 50: a fiftieth of it, without limits. */
  readonly divisor?: number;
  readonly rounds?: number;
  readonly syntaxes?: readonly CatalogShape['syntax'][];
}

/**
 * `imageset mirror --dry-run` for the heads of 20 packages of a generated catalog, cold and again, against
 * `skopeo copy` to a folder and `tar xzO | wc -c` of its layer, in turn, over TLS.
 * @returns whether everything is within its limits.
 */
export async function benchCatalog(options: CatalogBenchOptions = {}): Promise<boolean> {
  const { divisor = 1, rounds = 3, syntaxes = ['json', 'yaml'] } = options;
  let isWithin = true;
  for (const syntax of syntaxes) {
    const shape = {
      packages: Math.ceil(LARGE_CATALOG.packages / divisor),
      bundles: Math.ceil(LARGE_CATALOG.bundles / divisor),
      bytes: LARGE_CATALOG.bytes / divisor,
      syntax,
    };
    const runs = await measure(shape, rounds);
    const isGood = print(runs, LIMITS[syntax]);
    if (divisor === 1 && !isGood) isWithin = false;
  }
  return isWithin;
}

interface Runs {
  /** `skopeo copy` to a folder. */
  readonly copy: readonly Measured[];
  /** `tar xzO | wc -c` of the layer there. */
  readonly tar: readonly Measured[];
  readonly cold: readonly Measured[];
  readonly again: readonly Measured[];
}

interface World {
  readonly source: RunningDockerRegistry;
  readonly destination: RunningDockerRegistry;
  /** A folder with `ca.crt`, which both registries' certificates are of. */
  readonly trust: string;
  readonly folder: string;
  readonly catalog: GeneratedCatalog;
}

async function measure(shape: CatalogShape, rounds: number): Promise<Runs> {
  await using folder = await temporaryFolder();
  const authority = await makeCertificateAuthority(folder.path);
  const tls = { ...(await authority.issueServer()), ca: authority.ca };
  const trust = join(folder.path, 'trust');
  await mkdir(trust);
  await copyFile(authority.caFile, join(trust, 'ca.crt'));
  const storageFolder = join(folder.path, 'source');
  const catalog = await generateCatalog(storageFolder, shape);
  await using source = await startDockerRegistry({ tls, storageFolder });
  await using destination = await startDockerRegistry({ tls });
  const world = { source, destination, trust, folder: folder.path, catalog };
  const { packageNames, bundles, configsBytes, layer } = catalog;
  console.log(
    `\ncatalog as ${shape.syntax}: ${packageNames.length} packages, ${bundles} bundles, ` +
      `${formatBytes(configsBytes)} in a layer of ${formatBytes(layer.size)}`,
  );

  const runs: Record<keyof Runs, Measured[]> = { copy: [], tar: [], cold: [], again: [] };
  for (let round = 0; round < rounds; round += 1) {
    await mkdir(roundFolder(world, round));
    const copied = join(roundFolder(world, round), 'copy');
    runs.copy.push(await measureCommand(copyCommand(world, copied), process.env));
    runs.tar.push(await measureCommand(tarCommand(world, copied), process.env));
    const command = await dryRun(world, round);
    const before = await layerRequests(world);
    runs.cold.push(await measureCommand(command, process.env));
    const between = await layerRequests(world);
    runs.again.push(await measureCommand(command, process.env));
    const after = await layerRequests(world);
    if (between - before !== 1 || after !== between) {
      throw new Error(
        `the layer was read ${between - before} and ${after - between} times, not 1 and 0`,
      );
    }
    await rm(roundFolder(world, round), { recursive: true });
  }
  return runs;
}

function copyCommand({ source, trust, catalog }: World, folder: string): string {
  const from = `docker://${source.host}/${catalog.image}`;
  return `skopeo copy --quiet --src-cert-dir ${trust} ${from} dir:${folder}`;
}

function tarCommand({ catalog }: World, folder: string): string {
  return `tar xzOf ${join(folder, catalog.layer.digest.slice('sha256:'.length))} | wc -c`;
}

/** Workspace and caches are the round's own, so that its first run is a cold one. */
async function dryRun(world: World, round: number): Promise<string> {
  const { source, destination, trust, catalog } = world;
  const folder = roundFolder(world, round);
  const packages = Array.from(
    { length: Math.min(CHOSEN_PACKAGES, catalog.packageNames.length) },
    // Spread over the catalog, small ones and large ones.
    (_, index) => packageName((index * 21) % catalog.packageNames.length),
  );
  const imageSet = [
    'apiVersion: mirror.openshift.io/v2alpha1',
    'kind: ImageSetConfiguration',
    'mirror:',
    '  operators:',
    `    - catalog: ${source.host}/${catalog.image}`,
    '      packages:',
    ...[...new Set(packages)].map((name) => `        - name: ${name}`),
  ];
  const config = join(folder, 'isc.yaml');
  await writeFile(config, `${imageSet.join('\n')}\n`);
  const flags = [
    ...['--dry-run', '-c', config, '--workspace', `file://${folder}/ws`],
    ...['--cache-dir', join(folder, 'cache')],
    ...['--src-cert-dir', trust, '--dest-cert-dir', trust],
  ];
  return `${process.execPath} ${MAIN} mirror ${flags.join(' ')} docker://${destination.host}/site`;
}

function roundFolder({ folder }: World, round: number): string {
  return join(folder, `round-${round}`);
}

async function layerRequests({ source, catalog }: World): Promise<number> {
  const requests = await source.requests();
  return requests.filter(
    ({ method, path }) => method === 'GET' && path.includes(`/blobs/${catalog.layer.digest}`),
  ).length;
}

function print({ copy, tar, cold, again }: Runs, limits: Limits): boolean {
  const isTar = limits.yardstick === 'tar';
  const base = median(
    tar.map(({ seconds }, at) => seconds + (isTar ? 0 : (copy[at]?.seconds ?? 0))),
  );
  const coldTimes = median(cold.map(({ seconds }) => seconds)) / base;
  const againSeconds = median(again.map(({ seconds }) => seconds));
  const peakBytes = Math.max(...[...cold, ...again].map((run) => run.peakBytes));
  line('skopeo copy', copy, '');
  line('tar', tar, '');
  const times = `${coldTimes.toFixed(2)} times ${isTar ? 'tar' : 'both'}`;
  line('dry-run, cold', cold, `${times} (at most ${limits.coldTimes})`);
  const { againSeconds: mostAgain = Infinity } = limits;
  line('dry-run, again', again, Number.isFinite(mostAgain) ? `at most ${mostAgain} s` : '');
  console.log(
    `  peak memory           ${formatBytes(peakBytes)} (at most ${formatBytes(limits.peakBytes)})`,
  );
  return (
    coldTimes <= limits.coldTimes && againSeconds <= mostAgain && peakBytes <= limits.peakBytes
  );
}

function line(name: string, runs: readonly Measured[], remark: string): void {
  const seconds = runs.map((run) => run.seconds.toFixed(2)).join(', ');
  const middle = median(runs.map((run) => run.seconds)).toFixed(2);
  const cpu = median(runs.map((run) => run.cpuSeconds)).toFixed(2);
  console.log(
    `  ${name.padEnd(20)}  ${middle} s (${seconds}), ${cpu} s of CPU${remark && `, ${remark}`}`,
  );
}
