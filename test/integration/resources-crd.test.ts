import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { renderClusterVersionUpstream } from '../../src/resources/install-files.ts';
import { CRDS_MISSING, CRD_FILE_OF_KIND, crdValidator } from '../support/crd.ts';

const GOLDEN = path.join(import.meta.dirname, '../../src/resources/testdata');
/** Of a ClusterVersion only a patch is rendered. */
const KINDS = (Object.keys(CRD_FILE_OF_KIND) as (keyof typeof CRD_FILE_OF_KIND)[]).filter(
  (kind) => kind !== 'ClusterVersion',
);

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

    it('is a patch that leaves a ClusterVersion valid', () => {
      const [text = ''] = renderClusterVersionUpstream('apps.example.com').values();
      const patch = z.object({ spec: z.record(z.string(), z.unknown()) }).parse(parseYaml(text));
      const clusterID = '26c9a3a7-1111-4a1a-9a1a-0a1b2c3d4e5f';
      const patched = {
        ...{ apiVersion: 'config.openshift.io/v1', kind: 'ClusterVersion' },
        metadata: { name: 'version' },
        spec: { clusterID, channel: 'stable-4.18', ...patch.spec },
      };
      const validate = crdValidator('ClusterVersion');
      expect(validate(patched)).toEqual([]);
      expect(validate({ ...patched, spec: { ...patched.spec, upstrem: '' } })).not.toEqual([]);
    });
  },
);
