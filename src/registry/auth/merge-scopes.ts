import { compareText } from '../../base/compare-text.ts';

/** Scopes with one entry for each resource and all the actions wanted for it, sorted: a cache key, and what a token is asked for. */
export function mergeScopes(scopes: readonly string[]): string[] {
  const actionsByResource = new Map<string, Set<string>>();
  for (const scope of scopes) {
    // Names have colons where a registry's do (`repository:host:5000/name:pull`), actions never.
    const colon = scope.lastIndexOf(':');
    if (colon <= 0) continue;
    const resource = scope.slice(0, colon);
    const actions = actionsByResource.get(resource) ?? new Set<string>();
    for (const action of scope.slice(colon + 1).split(',')) if (action !== '') actions.add(action);
    actionsByResource.set(resource, actions);
  }
  return [...actionsByResource]
    .map(
      ([resource, actions]) =>
        `${resource}:${actions.has('*') ? '*' : [...actions].sort(compareText).join(',')}`,
    )
    .sort(compareText);
}

/** Whether a token for `granted` (merged) also serves `wanted` (merged). */
export function coversScopes(granted: readonly string[], wanted: readonly string[]): boolean {
  const both = mergeScopes([...granted, ...wanted]);
  return both.length === granted.length && both.every((scope, index) => scope === granted[index]);
}
