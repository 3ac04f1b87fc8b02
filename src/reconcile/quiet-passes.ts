import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Log } from '../base/log.ts';
import { Digest, digestOf } from '../oci/digest.ts';
import type { Settings } from '../settings/settings.ts';
import type { PassReport } from './pass-report.ts';
import type { Heads } from './reconcile-dependencies.ts';

/**
 * Passes that had nothing to do, as the state directory remembers them. The same version with the same settings at
 * the same two commits finds the same: such a pass needs to read no file (design.md, section 1, promise 2). What is
 * lost or damaged is found out again.
 */
export interface QuietPasses {
  /** What a pass would report that would have nothing to do; undefined where that is not known. */
  find(settings: Settings, heads: Heads): Promise<PassReport | undefined>;
  /** Keeps the report of a pass all of whose mirrors are settled. Never throws for the disk's sake. */
  remember(settings: Settings, heads: Heads, report: PassReport): Promise<void>;
}

const MAX_PASSES = 16;

/** What people are told of a mirror again. */
const QuietMirror = z.object({
  mirror: z.string(),
  total: z.int().nonnegative(),
  held: z.array(
    z.object({
      destination: z.string(),
      digest: Digest.exactOptional(),
      reason: z.string(),
      entry: z
        .object({
          position: z.object({ path: z.string(), line: z.int(), column: z.int() }),
          field: z.string(),
        })
        .exactOptional(),
      why: z.string(),
    }),
  ),
  warnings: z.array(z.string()),
});
/** Newest first. */
const QuietFile = z.array(z.object({ key: Digest, mirrors: z.array(QuietMirror) }));
type QuietFile = z.infer<typeof QuietFile>;

/** @param version of this program: another one may see more to do. */
export function openQuietPasses(file: string, version: string, log: Log): QuietPasses {
  function keyOf(settings: Settings, { source, manifests }: Heads): Digest {
    return digestOf(Buffer.from(JSON.stringify([version, settings, source, manifests])));
  }

  return {
    async find(settings, heads) {
      const key = keyOf(settings, heads);
      const found = (await readPasses(file)).find((pass) => pass.key === key);
      if (found === undefined) return undefined;
      const nothing = {
        ...{ commits: [], catalogs: [], releases: [], bytesSent: 0, deleted: 0 },
        ...{ problems: [], failures: [] },
      };
      const mirrors = found.mirrors.map(({ mirror, total, held, warnings }) => ({
        ...{ mirror, state: 'Unchanged' as const, sourceCommit: heads.source, ...nothing },
        ...{ images: { added: 0, gone: 0, total }, held, warnings },
        ...{ unfinished: false, settled: true },
      }));
      return { mirrors, errors: [] };
    },
    async remember(settings, heads, { mirrors }) {
      const pass = {
        key: keyOf(settings, heads),
        mirrors: mirrors.map(({ mirror, images: { total }, held, warnings }) => {
          return { mirror, total, held: [...held], warnings: [...warnings] };
        }),
      };
      const others = (await readPasses(file)).filter(({ key }) => key !== pass.key);
      const temporary = `${file}.tmp`;
      try {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(temporary, JSON.stringify([pass, ...others].slice(0, MAX_PASSES)));
        await rename(temporary, file);
      } catch (error) {
        log.debug({ err: error, file }, 'a pass with nothing to do could not be remembered');
      }
    },
  };
}

async function readPasses(file: string): Promise<QuietFile> {
  try {
    const parsed = QuietFile.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : [];
  } catch {
    return [];
  }
}
