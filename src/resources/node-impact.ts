import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { compareText } from '../base/compare-text.ts';

/**
 * What nodes do when mirror sets change. `reload`: CRI-O reads its configuration again and pods stay;
 * `drain`: one node after the other is drained too.
 */
export type NodeImpact = 'none' | 'reload' | 'drain';

/** What a change of mirror sets does to the nodes of the clusters that apply it, and why. */
export interface NodeImpactReport {
  readonly impact: NodeImpact;
  /** Sorted by kind and source. */
  readonly changes: readonly MirrorChange[];
  /** Files that cannot be read, so that what changed is not known: counted as `drain`. */
  readonly unreadable: readonly string[];
}

/** One source whose mirrors come, go or change. */
export interface MirrorChange {
  readonly kind: 'ImageDigestMirrorSet' | 'ImageTagMirrorSet';
  readonly source: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly mirrorsAdded: readonly string[];
  readonly mirrorsRemoved: readonly string[];
  readonly impact: Exclude<NodeImpact, 'none'>;
}

/**
 * Compares the mirror sets of two versions of a `resources` folder (file names and texts; other resources
 * count nothing).
 *
 * The machine config operator leaves nodes undrained when the change of `registries.conf` only adds: a
 * registry all of whose mirrors are for pulls by digest, or such a mirror to a registry that is there. All
 * else drains. Source: openshift/machine-config-operator, `isSafeContainerRegistryConfChanges`
 * (pkg/daemon/drain.go), and OpenShift's documentation, "Understanding the Machine Config Operator", on
 * changes that do not trigger a drain. Mirror sets of others in the cluster are not known here.
 */
export function nodeImpact(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): NodeImpactReport {
  const old = readMirrors(before);
  const now = readMirrors(after);
  const keys = [...new Set([...old.entries.keys(), ...now.entries.keys()])].sort(compareText);
  const changes = keys.flatMap((key) => compare(old.entries.get(key), now.entries.get(key)));
  const unreadable = [...new Set([...old.unreadable, ...now.unreadable])].sort(compareText);
  const drains = unreadable.length > 0 || changes.some(({ impact }) => impact === 'drain');
  const impact = drains ? 'drain' : changes.length > 0 ? 'reload' : 'none';
  return { impact, changes, unreadable };
}

/** All mirrors of a source, of every set of a kind: clusters merge them. */
interface Mirrors {
  readonly kind: MirrorChange['kind'];
  readonly source: string;
  readonly mirrors: Set<string>;
  /** Whether clusters may ask the source itself; ours never say, so it is what a person wrote. */
  readonly policies: Set<string>;
}

const MIRROR_SET = /Image(?:Digest|Tag)MirrorSet/;

const Entry = z.object({
  source: z.string(),
  mirrors: z.array(z.string()).default([]),
  mirrorSourcePolicy: z.string().default(''),
});
const MirrorSetDocument = z.union([
  z.object({
    kind: z.literal('ImageDigestMirrorSet'),
    spec: z.object({ imageDigestMirrors: z.array(Entry).default([]) }),
  }),
  z.object({
    kind: z.literal('ImageTagMirrorSet'),
    spec: z.object({ imageTagMirrors: z.array(Entry).default([]) }),
  }),
]);
const OtherDocument = z.object({
  kind: z.string().refine((kind) => !MIRROR_SET.test(kind)),
});

function readMirrors(files: ReadonlyMap<string, string>): {
  entries: Map<string, Mirrors>;
  unreadable: string[];
} {
  const entries = new Map<string, Mirrors>();
  const unreadable: string[] = [];
  for (const [name, text] of files) {
    if (!MIRROR_SET.test(text)) continue;
    for (const value of readDocuments(text)) {
      if (value === null || OtherDocument.safeParse(value).success) continue;
      const parsed = MirrorSetDocument.safeParse(value);
      if (parsed.success) addEntries(entries, parsed.data);
      else unreadable.push(name);
    }
  }
  return { entries, unreadable };
}

/** The documents of a file; undefined stands for one that is no YAML. */
function readDocuments(text: string): unknown[] {
  try {
    return parseAllDocuments(text).map((document) =>
      document.errors.length > 0 ? undefined : (document.toJS() as unknown),
    );
  } catch {
    return [undefined]; // Aliases without end.
  }
}

function addEntries(entries: Map<string, Mirrors>, set: z.infer<typeof MirrorSetDocument>): void {
  const { kind } = set;
  const listed =
    kind === 'ImageDigestMirrorSet' ? set.spec.imageDigestMirrors : set.spec.imageTagMirrors;
  for (const { source, mirrors, mirrorSourcePolicy } of listed) {
    const key = `${kind} ${source}`;
    const merged = entries.get(key) ?? { kind, source, mirrors: new Set(), policies: new Set() };
    entries.set(key, merged);
    for (const mirror of mirrors) merged.mirrors.add(mirror);
    merged.policies.add(mirrorSourcePolicy);
  }
}

function compare(old: Mirrors | undefined, now: Mirrors | undefined): MirrorChange[] {
  const known = now ?? old;
  if (known === undefined) return [];
  const { kind, source } = known;
  const none = new Set<string>();
  const added = (now?.mirrors ?? none).difference(old?.mirrors ?? none);
  const removed = (old?.mirrors ?? none).difference(now?.mirrors ?? none);
  const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
  const sameTerms = old?.policies.symmetricDifference(now?.policies ?? none).size === 0;
  if (change === 'changed' && added.size + removed.size === 0 && sameTerms) return [];
  const onlyAdds = change === 'added' || (change === 'changed' && removed.size === 0 && sameTerms);
  return [
    {
      kind,
      source,
      change,
      mirrorsAdded: [...added].sort(compareText),
      mirrorsRemoved: [...removed].sort(compareText),
      impact: kind === 'ImageDigestMirrorSet' && onlyAdds ? 'reload' : 'drain',
    },
  ];
}
