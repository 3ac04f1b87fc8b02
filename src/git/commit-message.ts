import { formatBytes } from '../base/format-bytes.ts';
import { sanitizeLine } from './sanitize.ts';

/** What a commit of the manifests branch says (design, "Git"): for people, and in trailers for machines. */
export interface MirrorCommit {
  readonly mirror: string;
  readonly change: MirrorChange;
  /** The commit of the source branch that this state is made from. */
  readonly sourceCommit: string;
  /** The first line of that commit's message: people's text, not trusted. */
  readonly sourceSubject: string;
  /** The hash of the plan, `sha256:…`. */
  readonly plan: string;
  /** How many images the lock lists now. */
  readonly total: number;
  /** What became of releases: of all in one line, and a line for each. */
  readonly releases: { readonly sum: string; readonly each: readonly string[] };
  /** What became of operator catalogs, a line for each. */
  readonly catalogs: readonly string[];
  /** Of a pass that ends `Degraded`: a line for each thing that failed. */
  readonly failures: readonly string[];
}

/** A pass publishes first, then deletes; each has its commit. Counts are lines of the lock's `images`. */
export type MirrorChange =
  | {
      readonly kind: 'published';
      readonly added: number;
      readonly addedBytes: number;
      readonly leaving: number;
    }
  | { readonly kind: 'deleted'; readonly images: number };

const TRAILER = /^([A-Za-z0-9][A-Za-z0-9-]*): (.*)$/;
const MAX_RELEASES = 20;
const MAX_CATALOGS = 20;
const MAX_FAILURES = 50;

/** The message of a commit of the manifests branch, ending in one line break. */
export function formatCommitMessage(commit: MirrorCommit): string {
  const { change } = commit;
  const [added, bytes, leaving] =
    change.kind === 'published' ? [change.added, change.addedBytes, change.leaving] : [0, 0, 0];
  const paragraphs = [
    `mirror(${sanitizeLine(commit.mirror, 100)}): ${describe(change)}`,
    sanitizeLine(commit.sourceSubject, 200),
    list(`${sanitizeLine(commit.releases.sum, 100)}:`, commit.releases.each, MAX_RELEASES).join(
      '\n',
    ),
    list('Operator catalogs:', commit.catalogs, MAX_CATALOGS).join('\n'),
    list('Not done:', commit.failures, MAX_FAILURES).join('\n'),
    [
      `Imageset-Mirror: ${sanitizeLine(commit.mirror, 100)}`,
      `Imageset-Source-Commit: ${commit.sourceCommit}`,
      `Imageset-Plan: ${commit.plan}`,
      `Imageset-Images: +${added} -${leaving} =${commit.total}`,
      `Imageset-Bytes: ${bytes}`,
    ].join('\n'),
  ];
  return `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`;
}

/**
 * The trailers of a message by key, as git-interpret-trailers(1) finds them in what we write: the last
 * paragraph, if it is not the first and every line is `Key: value`. Text further up, such as somebody's
 * subject, can therefore never pass for one. Of a key that occurs twice the last one counts.
 */
export function parseTrailers(message: string): Map<string, string> {
  const paragraphs = message
    .replaceAll('\r\n', '\n')
    .trimEnd()
    .split(/\n{2,}/);
  const lines = paragraphs.length < 2 ? [] : (paragraphs.at(-1) ?? '').split('\n');
  const matches = lines.map((line) => TRAILER.exec(line));
  const trailers = new Map<string, string>();
  for (const match of matches) {
    if (match === null) return new Map();
    trailers.set(match[1] ?? '', (match[2] ?? '').trim());
  }
  return trailers;
}

function describe(change: MirrorChange): string {
  if (change.kind === 'deleted') return `${images(change.images)} deleted`;
  const { added, addedBytes, leaving } = change;
  if (added > 0) {
    const tail = leaving > 0 ? `, ${leaving} leaving` : '';
    return `${images(added)} added (${formatBytes(addedBytes)})${tail}`;
  }
  return leaving > 0 ? `${images(leaving)} leaving` : 'resources updated';
}

function images(count: number): string {
  return `${count} ${count === 1 ? 'image' : 'images'}`;
}

/** At most `most` lines, and a number of the others. */
function list(title: string, lines: readonly string[], most: number): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, most).map((line) => `- ${sanitizeLine(line, 500)}`);
  const rest = lines.length - shown.length;
  return [title, ...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])];
}
