import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml, parseAllDocuments } from 'yaml';
import { z } from 'zod';

/**
 * Where OpenShift's CustomResourceDefinitions are: they are not ours to ship. `IMAGESET_SHARED` names the
 * folder that has them in `crds/`.
 */
const CRDS = path.join(
  process.env.IMAGESET_SHARED ?? path.join(import.meta.dirname, '../../../shared'),
  'crds',
);
const GOLDEN = path.join(import.meta.dirname, '../../src/resources/testdata');

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

const FILE_OF_KIND = {
  ImageDigestMirrorSet: 'imagedigestmirrorsets.yaml',
  ImageTagMirrorSet: 'imagetagmirrorsets.yaml',
} as const;

/** Every resource that the golden cases render. */
function rendered(): { file: string; kind: string; resource: unknown }[] {
  const files = readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) =>
      parseAllDocuments(readFileSync(path.join(GOLDEN, file), 'utf8')).map((document) => {
        const resource = z.looseObject({ kind: z.string() }).parse(document.toJS());
        return { file, kind: resource.kind, resource };
      }),
    );
}

const skip = existsSync(CRDS) ? '' : ` (skipped: there is no folder ${CRDS}; set IMAGESET_SHARED)`;

describe.skipIf(skip !== '')(`what is rendered, against OpenShift's definitions${skip}`, () => {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { int32: true, int64: true } });

  it.each(Object.entries(FILE_OF_KIND))('is a valid %s', (kind, file) => {
    const text = readFileSync(path.join(CRDS, file), 'utf8');
    const { spec } = Definition.parse(parseYaml(text));
    const version = spec.versions.find(({ name }) => name === 'v1');
    expect(spec.names.kind).toBe(kind);
    const validate = ajv.compile(closed(version?.schema.openAPIV3Schema));
    const resources = rendered().filter((one) => one.kind === kind);
    expect(resources.length).toBeGreaterThan(5);
    for (const { file: name, resource } of resources) {
      validate(resource);
      expect(validate.errors ?? [], name).toEqual([]);
    }
  });
});

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
