/** What a document says of itself on its top level (spec 1.2); '' where it does not. */
export interface DocumentKeys {
  readonly schema: string;
  /** The package that it belongs to; of an `olm.package` its own name. '': none. */
  readonly package: string;
  readonly name: string;
}

/** A value as a scanner finds it; `other` is neither text nor null. */
export type KeyValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'other' };

export type KeyPairs = readonly { readonly key: string; readonly value: KeyValue }[];

/** Whether a top-level key counts: `schema`, `package` and `name` in any case (spec 1.2). */
export function isKeyOfDocument(key: string): boolean {
  return /^(?:schema|package|name)$/i.test(key);
}

/** Whether documents of a schema are understood; all others are kept as they are (spec 1.1). */
export function hasModel(schema: string): boolean {
  return /^olm\.(?:package|channel|bundle|deprecations)$/.test(schema);
}

/** The keys of a document, or what is wrong with them. Pairs of other keys are not looked at. */
export function documentKeys(pairs: KeyPairs): DocumentKeys | { readonly fault: string } {
  const found = new Map<string, string>();
  const written = new Map<string, string>();
  for (const { key, value } of pairs) {
    if (!isKeyOfDocument(key)) continue;
    const name = key.toLowerCase();
    const earlier = written.get(name);
    if (earlier !== undefined) {
      return {
        fault:
          earlier === key ? `has the key "${key}" twice` : `has the keys "${earlier}" and "${key}"`,
      };
    }
    written.set(name, key);
    if (value.kind === 'other') return { fault: `has a value of "${key}" that is no string` };
    if (value.kind === 'text') found.set(name, value.text);
  }
  const schema = found.get('schema') ?? '';
  const name = found.get('name') ?? '';
  if (schema === '') return { fault: 'has no "schema"' };
  return { schema, package: schema === 'olm.package' ? name : (found.get('package') ?? ''), name };
}
