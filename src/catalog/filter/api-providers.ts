import type { Catalog } from '../catalog.ts';
import type { Api } from '../catalog-package.ts';

/** Equal for equal APIs. */
export function keyOfApi({ group, version, kind }: Api): string {
  return JSON.stringify([group, version, kind]);
}

/** The packages of the catalog with any bundle that provides an API, by `keyOfApi`. Reads no package where none is wanted. */
export async function findApiProviders(
  catalog: Catalog,
  apis: readonly Api[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const providers = new Map(apis.map((api) => [keyOfApi(api), new Set<string>()]));
  if (providers.size === 0) return providers;
  for (const name of catalog.packageNames) {
    const source = await catalog.readPackage(name, signal);
    for (const { providedApis } of source?.bundles ?? []) {
      for (const api of providedApis) providers.get(keyOfApi(api))?.add(name);
    }
  }
  return providers;
}
