import { describe, expect, it } from 'vitest';
import { imagesOfBundle, tagAndDigestWarning } from './images-of-bundle.ts';

const D = `sha256:${'ab'.repeat(32)}`;
const OWN = `quay.io/example/gadget-bundle@${D}`;

function imagesOf(image: string, related: readonly string[], hasObjects = false) {
  const relatedImages = related.map((text) => ({ name: '', image: text }));
  return imagesOfBundle({ image, relatedImages, hasObjects });
}

describe('imagesOfBundle', () => {
  it.each([
    { what: 'that lists its own image', related: [OWN, `quay.io/example/gadget@${D}`] },
    { what: 'that does not', related: [`quay.io/example/gadget@${D}`] },
    { what: 'that lists one twice', related: [`quay.io/example/gadget@${D}`, OWN, OWN] },
    {
      what: 'that writes one in two ways',
      related: [`quay.io/example/gadget@${D}`, `docker://quay.io/example/gadget@${D}`],
    },
    {
      what: 'that writes its own in two ways',
      related: [`docker://${OWN}`, `quay.io/example/gadget@${D}`],
    },
  ])('gives the images of a bundle $what, its own as bundle', ({ related }) => {
    expect(imagesOf(OWN, related)).toMatchObject({
      kind: 'known',
      images: [
        { kind: 'bundle', source: OWN },
        { kind: 'related-image', source: `quay.io/example/gadget@${D}` },
      ],
    });
  });

  it('takes only the exact text of the bundle image for the bundle', () => {
    expect(imagesOf('quay.io/a/b:1', [`quay.io/a/b:1@${D}`])).toMatchObject({
      images: [
        { kind: 'bundle', source: 'quay.io/a/b:1' },
        { kind: 'related-image', source: `quay.io/a/b:1@${D}` },
      ],
    });
  });

  it.each(['quay.io/a/b:latest', 'b:latest', 'localhost:5000/b:1', `localhost:5000/b@${D}`])(
    'takes the related image %s',
    (image) => {
      expect(imagesOf(OWN, [image]).kind).toBe('known');
    },
  );

  // spec, operator-catalogs, 4.2.
  it.each([
    { image: '', fault: 'no image is named' },
    { image: 'quay.io/a/b', fault: 'neither tag nor digest' },
    { image: 'quay.io/a/latest', fault: 'neither tag nor digest' },
    { image: 'localhost:5000/a', fault: 'neither tag nor digest' },
    { image: 'quay.io/a/b@sha256:abc', fault: 'no digest' },
    { image: 'quay.io/A b:1', fault: 'cannot be read' },
    { image: 'oci:///mnt/a', fault: 'folder' },
    { image: 'quay.io/oci://a:1', fault: 'folder' },
    { image: 'http://quay.io/a:1', fault: 'cannot be read' },
  ])('calls a bundle with the related image "$image" faulty: $fault', ({ image, fault }) => {
    const found = imagesOf(OWN, [`quay.io/a/b@${D}`, image]);
    expect(found).toEqual({
      kind: 'faulty',
      faults: [expect.stringContaining(fault)],
    });
    expect(found).toEqual({ kind: 'faulty', faults: [expect.stringMatching(/^related image: /)] });
  });

  it('tells every fault once', () => {
    expect(imagesOf('x', ['x', '', '', 'y'])).toEqual({
      kind: 'faulty',
      faults: [
        'bundle image: "x" has neither tag nor digest',
        'related image: no image is named',
        'related image: "y" has neither tag nor digest',
      ],
    });
  });

  it('needs no image of a bundle with embedded objects, and one of any other', () => {
    expect(imagesOf('', [], true)).toEqual({ kind: 'known', images: [] });
    expect(imagesOf('', [], false)).toMatchObject({ kind: 'faulty' });
  });

  it('does not repeat a text without end', () => {
    const found = imagesOf(OWN, ['A'.repeat(1_000_000)]);
    expect(JSON.stringify(found).length).toBeLessThan(2000);
  });
});

describe('tagAndDigestWarning', () => {
  it.each([
    { image: `quay.io/a/b:1@${D}`, warns: true },
    { image: `localhost:5000/b@${D}`, warns: false },
    { image: 'localhost:5000/b:1', warns: false },
  ])('warns of $image: $warns', ({ image, warns }) => {
    const found = imagesOf(image, []);
    const [first] = found.kind === 'known' ? found.images : [];
    const warning = first === undefined ? 'none found' : tagAndDigestWarning(first);
    expect(warning?.startsWith(`${image} has both tag and digest`)).toBe(warns ? true : undefined);
  });
});
