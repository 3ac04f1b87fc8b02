import { describe, expect, it } from 'vitest';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import { catalogRequests } from './catalog-requests.ts';

const HEAD = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n';

describe('catalogRequests', () => {
  it('takes an entry as it is', () => {
    const [request] = catalogRequests(
      documents(
        '  operators: [{catalog: a.io/team/cat:v1, full: true, targetCatalog: my/cat, targetTag: t, platforms: [{os: linux, architecture: arm64}, {os: linux, architecture: amd64}]}]',
      ),
    );

    expect(request).toMatchObject({
      name: 'a.io/team/cat:v1',
      source: 'a.io/team/cat:v1',
      targetCatalog: 'my/cat',
      targetTag: 't',
      selection: { full: true },
      platforms: [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64' },
      ],
      entries: [{ field: 'mirror.operators[0]', position: { path: '1.yaml', line: 4 } }],
    });
    expect(request?.selection).not.toHaveProperty('packages');
  });

  it('unites the packages of one catalog in several documents, and knows where each stands', () => {
    const [request, ...others] = catalogRequests(
      documents(
        '  operators:\n  - catalog: a.io/cat:v1\n    packages:\n    - name: p\n',
        '  operators:\n  - catalog: a.io/cat:v1\n    packages:\n    - name: q\n    - name: r\n      channels:\n      - name: stable\n',
      ),
    );

    expect(others).toEqual([]);
    expect(request?.selection.packages?.map(({ name }) => name)).toEqual(['p', 'q', 'r']);
    expect(request?.entries.map(({ position }) => position.path)).toEqual(['1.yaml', '2.yaml']);
    expect(request?.entryOf('q').position).toEqual({ path: '2.yaml', line: 7, column: 7 });
    expect(request?.locate({ package: 2, path: ['channels', 0], message: 'm' })).toMatchObject({
      field: 'mirror.operators[0].packages[1].channels[0]',
      position: { path: '2.yaml', line: 10, column: 9 },
    });
    expect(request?.locate({ path: ['catalog'], message: 'm' }).position.path).toBe('1.yaml');
  });

  it('keeps catalogs with other targets apart', () => {
    const requests = catalogRequests(
      documents('  operators: [{catalog: a.io/cat:v1}, {catalog: a.io/cat:v1, targetTag: t}]'),
    );
    expect(requests.map(({ targetTag }) => targetTag)).toEqual([undefined, 't']);
  });

  it('wants every instance where one of the documents does', () => {
    const [request] = catalogRequests(
      documents(
        '  operators: [{catalog: a.io/cat:v1, packages: [{name: p}], platforms: [{os: linux, architecture: arm64}]}]',
        '  operators: [{catalog: a.io/cat:v1, packages: [{name: q}]}]',
      ),
    );
    expect(request).not.toHaveProperty('platforms');
  });

  it('blocks images by the patterns of the document that wants the package', () => {
    const [request] = catalogRequests(
      documents(
        '  operators: [{catalog: a.io/cat:v1, packages: [{name: p}]}]\n  blockedImages: [{name: secret}]',
        '  operators: [{catalog: a.io/cat:v1, packages: [{name: q}]}]',
      ),
    );
    expect(request?.blockedBy('p', 'q.io/secret/image:1')?.pattern).toBe('secret');
    expect(request?.blockedBy('q', 'q.io/secret/image:1')).toBeUndefined();
  });
});

function documents(...texts: readonly string[]): readonly ImageSetDocument[] {
  const files = texts.map((text, index) => {
    return { path: `${index + 1}.yaml`, text: `${HEAD}${text}\n`, named: true };
  });
  const { documents: read, problems } = loadImageSets(files);
  expect(problems).toEqual([]);
  return read;
}
