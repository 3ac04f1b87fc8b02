import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

/**
 * Where OpenShift's CustomResourceDefinitions are: they are not ours to ship. `IMAGESET_SHARED` names the
 * folder that has them in `crds/`.
 */
export const CRDS = path.join(
  process.env.IMAGESET_SHARED ?? path.join(import.meta.dirname, '../../../shared'),
  'crds',
);

/** For the names of tests: '' where the definitions are there. */
export const CRDS_MISSING = existsSync(CRDS)
  ? ''
  : ` (skipped: there is no folder ${CRDS}; set IMAGESET_SHARED)`;

export const CRD_FILE_OF_KIND = {
  ImageDigestMirrorSet: 'imagedigestmirrorsets.yaml',
  ImageTagMirrorSet: 'imagetagmirrorsets.yaml',
  CatalogSource: 'catalogsources.yaml',
  ClusterCatalog: 'clustercatalogs.yaml',
  UpdateService: 'updateservices.yaml',
  ClusterVersion: 'clusterversions.yaml',
} as const;

const Definition = z.object({
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.array(
      z.object({
        name: z.string(),
        schema: z.object({ openAPIV3Schema: z.record(z.string(), z.unknown()) }),
      }),
    ),
  }),
});

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  formats: { int32: true, int64: true, 'date-time': true, uri: true },
});

/** What is wrong with resources of a kind, against its definition; fields that it does not name are wrong too. */
export function crdValidator(
  kind: keyof typeof CRD_FILE_OF_KIND,
): (resource: unknown) => readonly object[] {
  const text = readFileSync(path.join(CRDS, CRD_FILE_OF_KIND[kind]), 'utf8');
  const { spec } = Definition.parse(parseYaml(text));
  if (spec.names.kind !== kind) throw new Error(`${CRD_FILE_OF_KIND[kind]} defines no ${kind}`);
  const [version, ...others] = spec.versions;
  if (others.length > 0) throw new Error(`${CRD_FILE_OF_KIND[kind]} has several versions`);
  const validate = ajv.compile(closed(version?.schema.openAPIV3Schema));
  return (resource) => {
    validate(resource);
    return validate.errors ?? [];
  };
}

/** The schema with fields that it does not name refused, since an API server drops them. `metadata` is not described there. */
function closed(schema: unknown): Record<string, unknown> {
  const object = z.record(z.string(), z.unknown()).parse(schema);
  const { properties, items } = object;
  const described = z.record(z.string(), z.unknown()).safeParse(properties);
  return {
    ...object,
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(described.success
      ? {
          properties: Object.fromEntries(
            Object.entries(described.data).map(([name, field]) => [name, closed(field)]),
          ),
          additionalProperties: false,
        }
      : {}),
  };
}
