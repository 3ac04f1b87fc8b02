import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ImageKind } from '../lock/wanted-image.ts';
import { absolutePlace } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import {
  type ServedImage,
  renderUpdateService,
  servedReleases,
  updateServiceUrl,
} from './update-service.ts';

const CASES = new URL('testdata/', import.meta.url);

type Rendering = Parameters<typeof renderUpdateService>[1];

/** The form of `served.json`: places as `HOST/PATH:TAG`. */
interface Case extends Rendering {
  readonly images: readonly {
    kind: ImageKind;
    place: string;
    digest: Digest;
    isOrphan?: boolean;
  }[];
}

function readCase(name: string): { images: ServedImage[]; rendering: Rendering } {
  const text = readFileSync(new URL(`${name}/served.json`, CASES), 'utf8');
  const { images, ...rendering } = JSON.parse(text) as Case;
  const read = images.map(({ place: written, ...image }) => {
    const slash = written.indexOf('/');
    const host = written.slice(0, slash);
    const place = absolutePlace(written.slice(slash + 1), { host, namespace: '' });
    if (place === undefined) throw new Error(`${written} is no place`);
    return { ...image, place };
  });
  return { images: read, rendering };
}

describe('the UpdateService', () => {
  const cases = readdirSync(CASES).filter((name) =>
    existsSync(new URL(`${name}/served.json`, CASES)),
  );

  it.each(cases)('is as in testdata/%s, in whatever order the images are', async (name) => {
    const { images, rendering } = readCase(name);
    const folder = new URL(`${name}/`, CASES);
    for (const ordered of [images, images.toReversed()]) {
      const files = renderUpdateService(servedReleases(ordered), rendering);
      for (const [file, text] of files) {
        await expect(text).toMatchFileSnapshot(fileURLToPath(new URL(file, folder)));
      }
      const expected = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
      expect([...files.keys()]).toEqual(expected);
    }
  });

  it('has one address in a cluster, by the name of its route', () => {
    expect(updateServiceUrl('apps.example.com')).toBe(
      'https://update-service-oc-mirror-route-openshift-update-service.apps.example.com/api/upgrades_info/v1/graph',
    );
  });
});
