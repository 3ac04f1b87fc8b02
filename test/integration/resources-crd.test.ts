import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { CRDS_MISSING, CRD_FILE_OF_KIND, crdValidator } from '../support/crd.ts';

const GOLDEN = path.join(import.meta.dirname, '../../src/resources/testdata');
const KINDS = Object.keys(CRD_FILE_OF_KIND) as (keyof typeof CRD_FILE_OF_KIND)[];

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

describe.skipIf(CRDS_MISSING !== '')(
  `what is rendered, against OpenShift's definitions${CRDS_MISSING}`,
  () => {
    it.each(KINDS)('is a valid %s', (kind) => {
      const validate = crdValidator(kind);
      const resources = rendered().filter((one) => one.kind === kind);
      expect(resources.length).toBeGreaterThan(5);
      for (const { file: name, resource } of resources) {
        expect(validate(resource), name).toEqual([]);
      }
    });
  },
);
