/** A person and a moment as a commit records them. */
export interface Signature {
  readonly name: string;
  readonly email: string;
  readonly time: Date;
}

/** What a commit object says. */
export interface CommitObject {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

const UNKNOWN: Signature = { name: '', email: '', time: new Date(0) };

/**
 * Reads the content of a commit object. Lenient, since anybody's client may have written it: what is
 * missing is empty, but a commit without a tree is no commit (undefined).
 */
export function parseCommit(content: Uint8Array): CommitObject | undefined {
  const text = Buffer.from(content).toString('utf8');
  const end = text.indexOf('\n\n');
  const headers = (end < 0 ? text : text.slice(0, end)).split('\n');
  const values = (name: string): string[] =>
    headers
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  const tree = values('tree')[0] ?? '';
  if (!/^[0-9a-f]{40}$/.test(tree)) return undefined;
  return {
    tree,
    parents: values('parent').filter((id) => /^[0-9a-f]{40}$/.test(id)),
    author: parseSignature(values('author')[0]),
    committer: parseSignature(values('committer')[0]),
    message: end < 0 ? '' : text.slice(end + 2),
  };
}

/** The content of a commit object; times in UTC, so that equal input gives equal bytes on any machine. */
export function formatCommit(commit: CommitObject): Buffer {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatSignature(commit.author)}`,
    `committer ${formatSignature(commit.committer)}`,
    '',
    commit.message,
  ];
  return Buffer.from(lines.join('\n'), 'utf8');
}

function parseSignature(line: string | undefined): Signature {
  const match = /^([^<]*)<([^>]*)> (-?\d{1,12})/.exec(line ?? '');
  if (match === null) return UNKNOWN;
  const [, name = '', email = '', seconds = '0'] = match;
  return { name: name.trim(), email: email.trim(), time: new Date(Number(seconds) * 1000) };
}

function formatSignature({ name, email, time }: Signature): string {
  return `${plain(name)} <${plain(email)}> ${Math.floor(time.getTime() / 1000)} +0000`;
}

// These characters end a field of the line.
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f<>]/g, '').trim() || 'unknown';
}
