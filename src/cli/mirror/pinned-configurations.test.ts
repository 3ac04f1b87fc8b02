import { describe, expect, it } from 'vitest';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import { pinConfigurations } from './pinned-configurations.ts';

const NOW = new Date(Date.UTC(2025, 11, 31, 11, 37, 17, 900));

function pin(text: string) {
  const { documents, problems } = loadImageSets([{ path: 'isc.yaml', text, named: true }]);
  expect(problems).toEqual([]);
  return pinConfigurations(documents, NOW);
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
