import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readInside } from '../../store/layout-files.ts';
import { storeFailure } from '../../store/store-failure.ts';
import type { Validators } from '../../web/web-client.ts';
import { GRAPH_LIMIT_BYTES } from './parse-update-graph.ts';
import type { GraphQuestion } from './update-graph.ts';

/**
 * How answers are named: `as-reference-tool`: ARCH-CHANNEL.json, as that writes and reads them (spec, releases-helm,
 * 1.3); `by-type`: the type before it, so that a channel of OKD and one of OCP can have one name.
 */
export type KeepAs = 'as-reference-tool' | 'by-type';

export interface KeptGraph {
  readonly body: Uint8Array;
  /** Empty where nothing says which answer it is. */
  readonly validators: Validators;
}

export interface KeptGraphs {
  /** Undefined: nothing is kept, it is broken, or it is from another URL. */
  read(question: GraphQuestion, url: URL, signal: AbortSignal): Promise<KeptGraph | undefined>;
  /** @throws ControllerError STORE_UNAVAILABLE */
  write(question: GraphQuestion, url: URL, graph: KeptGraph): Promise<void>;
}

const NOTE_LIMIT_BYTES = 16 * 1024;
const Note = z.object({
  url: z.string(),
  body: z.string(),
  etag: z.string().exactOptional(),
  lastModified: z.string().exactOptional(),
});

/**
 * Answers of update services on disk, byte for byte, each with a note beside it: its digest, that of the URL (which may
 * hold secrets) and the validators. Questions have safe names: who asks has checked them.
 */
export function openKeptGraphs(folder: string, keepAs: KeepAs): KeptGraphs {
  const nameOf = ({ type, architecture, channel }: GraphQuestion): string =>
    `${keepAs === 'by-type' ? `${type}-` : ''}${architecture}-${channel}.json`;
  // No channel has an underscore in its name.
  const noteOf = (name: string): string => `${name}_note`;

  return {
    async read(question, url, signal) {
      const name = nameOf(question);
      const body = await readFileOf(folder, name, GRAPH_LIMIT_BYTES, signal);
      if (body === undefined) return undefined;
      const note = parseNote(await readFileOf(folder, noteOf(name), NOTE_LIMIT_BYTES, signal));
      if (note?.body !== digestOf(body)) {
        // The reference tool writes no notes, and overwrites what is there.
        return keepAs === 'as-reference-tool' ? { body, validators: {} } : undefined;
      }
      const { etag, lastModified } = note;
      if (note.url !== digestOf(url.href)) return undefined;
      return {
        body,
        validators: {
          ...(etag === undefined ? {} : { etag }),
          ...(lastModified === undefined ? {} : { lastModified }),
        },
      };
    },
    async write(question, url, { body, validators }) {
      const name = nameOf(question);
      const note = { url: digestOf(url.href), body: digestOf(body), ...validators };
      // A note of another body counts for nothing, so the order does not matter.
      await writeFileOf(folder, name, body);
      await writeFileOf(folder, noteOf(name), `${JSON.stringify(note)}\n`);
    },
  };
}

function parseNote(bytes: Uint8Array | undefined): z.infer<typeof Note> | undefined {
  try {
    return Note.parse(JSON.parse(Buffer.from(bytes ?? []).toString()));
  } catch {
    return undefined;
  }
}

/** Undefined where it cannot be read, whatever the reason: it is asked for again. */
async function readFileOf(
  folder: string,
  name: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await readInside(folder, name, limitBytes, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function writeFileOf(
  folder: string,
  name: string,
  content: Uint8Array | string,
): Promise<void> {
  const path = join(folder, name);
  const temporary = join(folder, `unfinished-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(temporary, 'wx', 0o644);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storeFailure(error, `writing ${path}`);
  }
}

function digestOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
