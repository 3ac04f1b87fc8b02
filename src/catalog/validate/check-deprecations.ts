import type { CatalogPackage, DeprecationEntry } from '../catalog-package.ts';
import { duplicatesOf } from './duplicates.ts';

/** The deprecations of a package: V18. */
export function* checkDeprecations(source: CatalogPackage): Generator<string> {
  const { name, deprecations } = source;
  const where = `package "${name}", deprecations`;
  if (deprecations.length > 1) {
    yield `${where}: there are ${deprecations.length} olm.deprecations documents; keep one`;
  }
  const names = {
    channels: new Set(source.channels.map((channel) => channel.name)),
    bundles: new Set(source.bundles.map((bundle) => bundle.name)),
  };
  for (const { entries } of deprecations) {
    for (const duplicate of duplicatesOf(entries.map(textOf))) {
      yield `${where}: there are several entries for ${duplicate}; keep one`;
    }
    for (const entry of entries) {
      const problem = referenceProblem(entry, names);
      if (problem !== undefined) yield `${where}: the entry for ${textOf(entry)} ${problem}`;
      if (entry.message === '')
        yield `${where}: the entry for ${textOf(entry)} has no message; add one`;
    }
  }
}

interface Names {
  readonly channels: ReadonlySet<string>;
  readonly bundles: ReadonlySet<string>;
}

function referenceProblem({ reference }: DeprecationEntry, names: Names): string | undefined {
  const { schema, name = '' } = reference;
  switch (schema) {
    case 'olm.package':
      return name === '' ? undefined : 'has a name; a reference to the package has none';
    case 'olm.channel':
      return names.channels.has(name) ? undefined : 'names no channel of the package; take it out';
    case 'olm.bundle':
      return names.bundles.has(name) ? undefined : 'names no bundle of the package; take it out';
    default:
      return 'has an unknown schema; olm.package, olm.channel and olm.bundle can be deprecated';
  }
}

function textOf({ reference: { schema, name = '' } }: DeprecationEntry): string {
  return name === '' ? schema : `${schema} "${name}"`;
}
