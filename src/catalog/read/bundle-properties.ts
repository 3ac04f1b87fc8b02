import { z } from 'zod';
import type { Api, CatalogBundle, PackageProperty } from '../catalog-package.ts';

/** What the properties of a bundle say (spec 1.4). */
export type BundleProperties = Pick<
  CatalogBundle,
  | 'packages'
  | 'providedApis'
  | 'requiredApis'
  | 'requiredPackages'
  | 'displayName'
  | 'propertyFaults'
  | 'hasObjects'
>;

const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? '');
const Package = z.object({ packageName: Text, version: Text, release: z.string().nullish() });
const RequiredPackage = z.object({ packageName: Text, versionRange: Text });
const Gvk = z.object({ group: Text, version: Text, kind: Text });
const BundleObject = z.object({ data: z.string().nullish(), ref: z.string().nullish() });
const CsvMetadata = z.object({ displayName: z.string().nullish() });

export type PropertyList = readonly { readonly type: string; readonly value?: unknown }[];

/** Sorts properties by their type. A value that is not as its type wants it is a fault (V7), and else left out. */
export function readProperties(properties: PropertyList): BundleProperties {
  const packages: PackageProperty[] = [];
  const providedApis: Api[] = [];
  const requiredApis: Api[] = [];
  const requiredPackages: z.output<typeof RequiredPackage>[] = [];
  const propertyFaults: string[] = [];
  let displayName: string | undefined;
  let hasObjects = false;

  function read<T>(
    schema: z.ZodType<T>,
    value: unknown,
    type: string,
    take: (value: T) => void,
  ): void {
    const result = schema.safeParse(value);
    if (result.success) {
      take(result.data);
      return;
    }
    const [issue] = result.error.issues;
    const field =
      issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
    propertyFaults.push(`property ${type} has a wrong value${field}: ${issue?.message ?? ''}`);
  }

  for (const { type, value } of properties) {
    if (type === '') propertyFaults.push('a property has no type');
    else if (value === undefined) propertyFaults.push(`property ${type} has no value`);
    else if (type === 'olm.package') {
      read(Package, value, type, ({ packageName, version, release }) => {
        packages.push({ packageName, version, ...(release ? { release } : {}) });
      });
    } else if (type === 'olm.gvk') read(Gvk, value, type, (api) => providedApis.push(api));
    else if (type === 'olm.gvk.required') read(Gvk, value, type, (api) => requiredApis.push(api));
    else if (type === 'olm.package.required') {
      read(RequiredPackage, value, type, (required) => requiredPackages.push(required));
    } else if (type === 'olm.bundle.object') {
      read(BundleObject, value, type, () => {
        hasObjects = true;
      });
    } else if (type === 'olm.csv.metadata') {
      read(CsvMetadata, value, type, (metadata) => {
        displayName = metadata.displayName ?? displayName;
      });
    }
  }
  return {
    packages,
    providedApis,
    requiredApis,
    requiredPackages,
    ...(displayName === undefined ? {} : { displayName }),
    propertyFaults,
    hasObjects,
  };
}
