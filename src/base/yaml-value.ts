import { type Document, type Node, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { FieldPath } from './field-path.ts';

/** Something that a document must not have, though its syntax is right. */
export interface YamlFault {
  readonly path: FieldPath;
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

export interface YamlValue {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Aliases stood for more than the limits: what they repeat is left out of the value. */
  readonly isCut: boolean;
  /** Where a field's name or a list item stands, as an offset in the text; of what is not there, the nearest around it. */
  offsetOf(path: FieldPath): number;
  /** A scalar as it is written. */
  sourceOf(path: FieldPath): string | undefined;
}

/** A value with what aliases of it cost. */
interface Measured {
  readonly value: unknown;
  readonly values: number;
  readonly height: number;
}

type Container = Record<string, unknown> | unknown[];

interface Place {
  readonly offset: number;
  readonly source: string | undefined;
}

/**
 * A parsed document as plain data. Aliases share their anchor's data, but count for what they repeat, so that
 * a few lines cannot stand for a billion values.
 */
export function convertYaml(
  document: Document.Parsed,
  limits: { readonly values: number; readonly depth: number },
): YamlValue {
  const faults: YamlFault[] = [];
  const places = new Map<Container, Map<string | number, Place>>();
  const anchors = new Map<string, Measured>();
  const root = startOf(document.contents);
  let total = 0;
  let isOverLimit = false;

  function refuse(path: FieldPath, offset: number, message: string, hint: string): void {
    faults.push({ path, offset, message, hint });
  }

  function convert(node: Node | null | undefined, path: FieldPath): Measured {
    const nothing: Measured = { value: null, values: 1, height: 0 };
    if (!node) return nothing;
    if (isAlias(node)) return expand(node.source, startOf(node), path);
    const measured = isMap<Node, Node | null>(node)
      ? convertMap(node.items, path)
      : isSeq<Node | null>(node)
        ? convertList(node.items, path)
        : { ...nothing, value: isScalar(node) ? node.value : null };
    total += 1;
    if (node.anchor !== undefined) anchors.set(node.anchor, measured);
    return measured;
  }

  function expand(name: string, offset: number, path: FieldPath): Measured {
    const measured = anchors.get(name);
    const nothing: Measured = { value: null, values: 1, height: 0 };
    if (measured === undefined) {
      const hint = `Write &${name} before it, outside of the value that repeats itself.`;
      refuse(path, offset, `the alias *${name} names no anchor before it`, hint);
      return nothing;
    }
    total += measured.values;
    if (total <= limits.values && path.length + measured.height <= limits.depth) return measured;
    if (!isOverLimit) {
      const message = `the aliases of this document repeat more than ${limits.values} values, or nest more than ${limits.depth} levels`;
      refuse(path, offset, message, 'Write the values out.');
    }
    isOverLimit = true;
    return nothing;
  }

  function convertMap(
    items: readonly { readonly key: Node; readonly value: Node | null }[],
    path: FieldPath,
  ): Measured {
    const value = Object.create(null) as Record<string, unknown>;
    const here = new Map<string, Place>();
    let values = 1;
    let height = 0;
    for (const { key, value: node } of items) {
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : '';
      const offset = startOf(key);
      const inner = [...path, name];
      if (isScalar(key) && key.source === '<<' && key.type === 'PLAIN') {
        refuse(inner, offset, 'merge keys ("<<") are not read', 'Write the fields out.');
        continue;
      }
      if (here.has(name)) {
        refuse(inner, offset, `the field "${name.slice(0, 100)}" is given twice`, 'Keep one.');
        continue;
      }
      here.set(name, { offset, source: sourceOfNode(node) });
      const child = convert(node, inner);
      value[name] = child.value;
      values += child.values;
      height = Math.max(height, child.height + 1);
    }
    places.set(value, here);
    return { value, values, height };
  }

  function convertList(items: readonly (Node | null)[], path: FieldPath): Measured {
    const value: unknown[] = [];
    const here = new Map<number, Place>();
    let values = 1;
    let height = 0;
    for (const [index, node] of items.entries()) {
      here.set(index, { offset: startOf(node), source: sourceOfNode(node) });
      const child = convert(node, [...path, index]);
      value.push(child.value);
      values += child.values;
      height = Math.max(height, child.height + 1);
    }
    places.set(value, here);
    return { value, values, height };
  }

  function placeOf(path: FieldPath): { readonly place: Place; readonly isExact: boolean } {
    let place: Place = { offset: root, source: sourceOfNode(document.contents) };
    let value = converted.value;
    for (const step of path) {
      const next = places.get(value as Container)?.get(step);
      if (next === undefined) return { place, isExact: false };
      place = next;
      value = (value as Record<string | number, unknown>)[step];
    }
    return { place, isExact: true };
  }

  const converted = convert(document.contents, []);
  for (const warning of document.warnings) {
    refuse([], warning.pos[0], warning.message.slice(0, 200), 'Remove the tag or directive.');
  }
  return {
    value: converted.value,
    faults,
    isCut: isOverLimit,
    offsetOf: (path) => placeOf(path).place.offset,
    sourceOf: (path) => {
      const { place, isExact } = placeOf(path);
      return isExact ? place.source : undefined;
    },
  };
}

function startOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}

function sourceOfNode(node: Node | null | undefined): string | undefined {
  return isScalar(node) ? node.source : undefined;
}
