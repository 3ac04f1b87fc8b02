import { describe, expect, it } from 'vitest';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import type { Digest } from '../../oci/digest.ts';
import { pinConfigurations } from './pinned-configurations.ts';

const NOW = new Date(Date.UTC(2025, 11, 31, 11, 37, 17, 900));

function pin(text: string, digests?: ReadonlyMap<string, Digest>) {
  const { documents, problems } = loadImageSets([{ path: 'isc.yaml', text, named: true }]);
  expect(problems).toEqual([]);
  return pinConfigurations(documents, NOW, digests);
}

describe('pinConfigurations', () => {
  const pinned = pin(`
kind: ImageSetConfiguration
apiVersion: mirror.openshift.io/v2alpha1
archiveSize: 4
mirror:
  blockedImages:
    - name: alpine
  samples:
    - name: ruby
  additionalImages:
    - targetTag: v1
      name: registry.redhat.io/ubi8/ubi:latest
      platforms: []
    - name: quay.io/team/app:1.0
      platforms:
        - {os: linux, architecture: amd64}
`);

  it('names the files after the time in UTC', () => {
    expect(pinned.fileNames).toEqual({
      mirror: 'isc_pinned_2025-12-31T11:37:17Z.yaml',
      delete: 'disc_pinned_2025-12-31T11:37:17Z.yaml',
    });
  });

  it('writes the image set with sorted keys and without what is empty', () => {
    expect(pinned.mirror).toBe(`apiVersion: mirror.openshift.io/v2alpha1
archiveSize: 4
kind: ImageSetConfiguration
mirror:
  additionalImages:
  - name: registry.redhat.io/ubi8/ubi:latest
    targetTag: v1
  - name: quay.io/team/app:1.0
    platforms:
    - architecture: amd64
      os: linux
  blockedImages:
  - name: alpine
  samples:
  - name: ruby
`);
  });

  it('writes what deletes the same, without blocked images, samples and archive size', () => {
    expect(pinned.delete).toBe(`apiVersion: mirror.openshift.io/v2alpha1
delete:
  additionalImages:
  - name: registry.redhat.io/ubi8/ubi:latest
    targetTag: v1
  - name: quay.io/team/app:1.0
    platforms:
    - architecture: amd64
      os: linux
kind: DeleteImageSetConfiguration
`);
  });

  it('can be read again, every document of it', () => {
    const one = 'kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\nmirror:\n';
    const { mirror } = pin(
      `${one}  additionalImages: [{name: a.io/b:1}]\n---\n${one}  additionalImages: [{name: a.io/c:1}]\n`,
    );
    const { documents, problems } = loadImageSets([{ path: 'p', text: mirror, named: true }]);

    expect(problems).toEqual([]);
    expect(documents.map(({ content }) => content.additionalImages?.[0]?.name)).toEqual([
      'a.io/b:1',
      'a.io/c:1',
    ]);
  });

  const D = `sha256:${'ab'.repeat(32)}` as Digest;
  const digests = new Map(
    [
      'registry.redhat.io/redhat/redhat-operator-index:v4.18',
      'localhost:5000/a/index:latest',
      'docker.io/ns/index:1',
      'oci:///data/catalog',
      `quay.io/c/index:v1@${D}`,
      `quay.io/c/index@${D}`,
    ].map((catalog) => [catalog, D] as const),
  );

  // spec, config-and-outputs, section 7.
  it.each([
    {
      entry: '{catalog: registry.redhat.io/redhat/redhat-operator-index:v4.18}',
      pinned: {
        catalog: `registry.redhat.io/redhat/redhat-operator-index@${D}`,
        targetTag: 'v4.18',
      },
    },
    {
      entry: '{catalog: registry.redhat.io/redhat/redhat-operator-index:v4.18, targetTag: x}',
      pinned: { catalog: `registry.redhat.io/redhat/redhat-operator-index@${D}`, targetTag: 'x' },
    },
    {
      entry: '{catalog: docker://localhost:5000/a/index}',
      pinned: { catalog: `localhost:5000/a/index@${D}`, targetTag: 'latest' },
    },
    { entry: '{catalog: ns/index:1}', pinned: { catalog: `ns/index@${D}`, targetTag: '1' } },
    { entry: '{catalog: oci:///data/catalog}', pinned: { catalog: 'oci:///data/catalog' } },
    {
      entry: `{catalog: 'quay.io/c/index:v1@${D}'}`,
      pinned: { catalog: `quay.io/c/index:v1@${D}` },
    },
    { entry: `{catalog: 'quay.io/c/index@${D}'}`, pinned: { catalog: `quay.io/c/index@${D}` } },
    // Not resolved: the tag stays.
    {
      entry: '{catalog: quay.io/gone/index:v1}',
      pinned: { catalog: 'quay.io/gone/index:v1', targetTag: 'v1' },
    },
  ])('pins $entry in both files', ({ entry, pinned: expected }) => {
    const head = 'kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\n';
    const both = pin(`${head}mirror: {operators: [${entry}]}\n`, digests);

    for (const text of [both.mirror, both.delete]) {
      const { documents, problems } = loadImageSets([{ path: 'p', text, named: true }]);
      expect(problems).toEqual([]);
      expect(documents.map(({ content }) => content.operators)).toEqual([[expected]]);
    }
  });

  it('writes a catalog as the reference tool does, its packages even where there are none', () => {
    const { mirror, delete: deletion } = pin(
      `
kind: ImageSetConfiguration
apiVersion: mirror.openshift.io/v2alpha1
mirror:
  operators:
    - catalog: registry.redhat.io/redhat/redhat-operator-index:v4.18
      full: false
      packages:
        - name: gadget
          bundles: [{name: gadget.v1.0.0}]
        - name: widget
          channels: [{name: stable, minVersion: 1.0.0}]
      targetCatalogSourceTemplate: templates/redhat.yaml
    - full: true
      catalog: oci:///data/catalog
`,
      digests,
    );
    const operators = `  operators:
  - catalog: registry.redhat.io/redhat/redhat-operator-index@${D}
    packages:
    - bundles:
      - name: gadget.v1.0.0
      name: gadget
    - channels:
      - minVersion: 1.0.0
        name: stable
      name: widget
    targetCatalogSourceTemplate: templates/redhat.yaml
    targetTag: v4.18
  - catalog: oci:///data/catalog
    full: true
    packages: null
`;
    const version = 'apiVersion: mirror.openshift.io/v2alpha1\n';
    expect(mirror).toBe(`${version}kind: ImageSetConfiguration\nmirror:\n${operators}`);
    expect(deletion).toBe(`${version}delete:\n${operators}kind: DeleteImageSetConfiguration\n`);
  });

  it('leaves the values of a chart as they are', () => {
    const { mirror } = pin(`
kind: ImageSetConfiguration
apiVersion: mirror.openshift.io/v2alpha1
mirror:
  helm:
    local:
      - path: charts/app
        values: {z: false, a: {}}
`);

    expect(mirror).toContain('values:\n        z: false\n        a: {}\n');
  });
});
