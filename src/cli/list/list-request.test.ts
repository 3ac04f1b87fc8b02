import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import { type ListFlags, readListRequest } from './list-request.ts';

const NOTHING: ListFlags = {
  words: [],
  catalogs: false,
  version: undefined,
  catalog: undefined,
  package: undefined,
  channel: undefined,
};
const REFERENCE = 'registry.example.com:5000/olm/catalog:v4.20';

describe('readListRequest', () => {
  it.each([
    { flags: { catalogs: true, version: '4.20' }, kind: 'catalogs' },
    { flags: { catalog: REFERENCE }, kind: 'catalog' },
    { flags: { catalog: `localhost/x@sha256:${'0'.repeat(64)}` }, kind: 'catalog' },
    { flags: { catalog: REFERENCE, package: 'a', channel: 'b' }, kind: 'catalog' },
  ])('takes $flags', ({ flags, kind }) => {
    expect(readListRequest({ ...NOTHING, ...flags })).toMatchObject({ kind });
  });

  it.each([
    { flags: {}, message: /^at least one of the flags in the group \[catalog catalogs\]/ },
    { flags: { version: '4.20' }, message: /must all be set; missing \[catalogs\]$/ },
    { flags: { catalogs: true }, message: /must all be set; missing \[version\]$/ },
    {
      flags: { catalogs: true, version: '4.20', catalog: REFERENCE },
      message: /none of the others can be; \[catalog catalogs\] were all set$/,
    },
    { flags: { package: 'a' }, message: /^must specify --catalog with --package$/ },
    { flags: { channel: 'a' }, message: /^must specify --catalog and --package with --channel$/ },
    {
      flags: { catalog: REFERENCE, channel: 'a' },
      message: /^must specify --catalog and --package with --channel$/,
    },
    { flags: { catalog: 'oci:///srv/catalog' }, message: /^"oci:.*": invalid reference format/ },
    { flags: { catalog: 'docker://a.b/c:d' }, message: /: invalid reference format/ },
    { flags: { catalog: 'olm/catalog:v1' }, message: /: repository name must be canonical/ },
    { flags: { catalog: 'catalog:v1' }, message: /: repository name must be canonical/ },
    { flags: { catalog: '' }, message: /^"": repository name must be canonical/ },
    { flags: { catalog: 'a.b/Upper:v1' }, message: /upper-case/ },
    { flags: { catalog: 'a.b/c@sha256:12' }, message: /no digest/ },
    { flags: { catalogs: true, version: 'v4.20' }, message: /write it as X.Y/ },
    { flags: { catalogs: true, version: '4.20/../x' }, message: /write it as X.Y/ },
    { flags: { words: ['gadget'], catalog: REFERENCE }, message: /^"gadget" is no flag/ },
  ])('refuses $flags', ({ flags, message }) => {
    const call = (): unknown => readListRequest({ ...NOTHING, ...flags });

    expect(call).toThrow(ControllerError);
    expect(call).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(call).toThrow(message);
  });
});
