import { type Node, type Pair, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { ControllerError } from '../../base/controller-error.ts';
import { type ExactJson, type ExactMember, exactJson } from '../../built/exact-json.ts';

/** Values of a document, those that aliases repeat counted each time: more is an attack. */
const MOST_VALUES = 1_000_000;
const MOST_LEVELS = 1000;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A YAML document as JSON: aliases and merge keys written out, numbers as they are written where JSON can
 * write them so. `yes`, `no`, `on` and `off` are booleans, as they are to those who read catalogs.
 *
 * @throws ControllerError CATALOG_INVALID
 */
export function exactJsonOfYaml(text: string, where: string): ExactJson {
  const document = parseDocument(text, {
    version: '1.2',
    customTags: (tags) => [YES_OR_NO, ...tags],
    merge: true,
    intAsBigInt: true,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const [error] = document.errors;
  if (error !== undefined) throw invalid(where, error.message.slice(0, 300));
  const anchors = new Map<string, { readonly json: ExactJson; readonly values: number }>();
  let values = 0;

  function convert(node: Node | null | undefined, level: number): ExactJson {
    count(1);
    if (level > MOST_LEVELS) throw invalid(where, `it is nested more than ${MOST_LEVELS} levels`);
    if (!node) return exactJson(null);
    if (isAlias(node)) return expand(node.source);
    const before = values;
    const json = convertContent(node, level);
    // Named when it is whole: an alias inside its own anchor finds nothing.
    if (node.anchor !== undefined) anchors.set(node.anchor, { json, values: values - before });
    return json;
  }

  function expand(name: string): ExactJson {
    const found = anchors.get(name);
    if (found === undefined) throw invalid(where, `the alias *${name} names no anchor before it`);
    count(found.values);
    return found.json;
  }

  function count(added: number): void {
    values += added;
    if (values > MOST_VALUES) throw invalid(where, `it has more than ${MOST_VALUES} values`);
  }

  function convertContent(node: Node, level: number): ExactJson {
    if (isSeq<Node | null>(node))
      return { kind: 'array', items: node.items.map((item) => convert(item, level + 1)) };
    if (isMap<Node, Node | null>(node)) return convertMap(node.items, level);
    if (!isScalar(node)) throw invalid(where, 'it has something that is no value');
    const { value, source } = node;
    if (typeof value !== 'number' && typeof value !== 'bigint')
      return exactJson(typeof value === 'boolean' || value === null ? value : textOfScalar(value));
    if (source !== undefined && JSON_NUMBER.test(source)) return { kind: 'scalar', text: source };
    if (typeof value === 'bigint') return { kind: 'scalar', text: value.toString() };
    if (!Number.isFinite(value)) throw invalid(where, `JSON has no number ${String(source)}`);
    return exactJson(value);
  }

  function convertMap(pairs: readonly Pair<Node, Node | null>[], level: number): ExactJson {
    const own = new Map<string, ExactMember>();
    const merged = new Map<string, ExactMember>();
    for (const { key, value } of pairs) {
      const json = convert(value, level + 1);
      if (isScalar(key) && key.source === '<<' && key.type === 'PLAIN') {
        const sources = json.kind === 'array' ? json.items : [json];
        for (const member of sources.flatMap(membersOf))
          if (!merged.has(member.key)) merged.set(member.key, member);
        continue;
      }
      if (!isScalar(key)) throw invalid(where, 'a list or mapping is the name of a field');
      const name = key.source ?? textOfScalar(key.value);
      own.set(name, { keyText: JSON.stringify(name), key: name, value: json });
    }
    return { kind: 'object', members: [...new Map([...merged, ...own]).values()] };
  }

  return convert(document.contents, 0);
}

const YES_OR_NO = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (text: string) => /^(?:yes|on)$/i.test(text),
} as const;

function membersOf(json: ExactJson): readonly ExactMember[] {
  return json.kind === 'object' ? json.members : [];
}

function textOfScalar(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

function invalid(where: string, reason: string): ControllerError {
  return new ControllerError('CATALOG_INVALID', `${where} cannot be written as JSON: ${reason}`, {
    remedy: 'wait-for-change',
    hint: 'Ask whoever makes the catalog to correct it.',
  });
}
