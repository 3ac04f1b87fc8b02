import { describe, expect, it } from 'vitest';
import { manifestReferenceOf, parseReference } from '../../oci/reference.ts';
import { endpointsOf, formatEndpoint, writeEndpointOf } from './endpoints-of.ts';
import { parseRegistriesConf } from './parse-registries-conf.ts';
import { NO_REGISTRIES_CONF } from './registries-conf.ts';

const HEX = 'a'.repeat(64);
const CONF = parseRegistriesConf(
  `
unqualified-search-registries = ["registry.access.redhat.com"]

[[registry]]
location = "quay.io"
[[registry.mirror]]
location = "mirror.local:5000"
insecure = true

[[registry]]
prefix = "quay.io/openshift-release-dev"
location = "quay.io/openshift-release-dev"
mirror-by-digest-only = true
[[registry.mirror]]
location = "mirror.local:5000/ocp"

[[registry]]
prefix = "registry.redhat.io"
location = "registry.redhat.io"
[[registry.mirror]]
location = "m1.local/rh"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "m2.local/rh"
pull-from-mirror = "tag-only"

[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "hub.corp/cache"

[[registry]]
prefix = "old.corp/team"
location = "new.corp/migrated/team"

[[registry]]
prefix = "*.bad.example"
blocked = true

[[registry]]
prefix = "*.cdn.example"
[[registry.mirror]]
location = "m3.local/cdn"

[[registry]]
prefix = "hub.corp/library-of"
location = "docker.io"

[[registry]]
prefix = "*.deep.example/team"
location = "flat.example/team/"

[[registry]]
prefix = "one.corp/app"
location = "one.local"
`,
  { file: '/etc/containers/registries.conf', isDropIn: false },
);

function tried(input: string): string[] {
  const reference = parseReference(input);
  if (reference.kind === 'layout') throw new Error('not for layouts');
  const asked = manifestReferenceOf(reference);
  const suffix = asked.kind === 'digest' ? `@${asked.digest}` : `:${asked.tag}`;
  return endpointsOf(CONF, reference).map((endpoint) => `${formatEndpoint(endpoint)}${suffix}`);
}

describe('spec, transfer-engine, 6.4', () => {
  it.each([
    ['quay.io/ns/app:v1', ['mirror.local:5000/ns/app:v1', 'quay.io/ns/app:v1']],
    [
      `quay.io/ns/app@sha256:${HEX}`,
      [`mirror.local:5000/ns/app@sha256:${HEX}`, `quay.io/ns/app@sha256:${HEX}`],
    ],
    [
      'quay.io/openshift-release-dev/ocp-release:4.20',
      ['quay.io/openshift-release-dev/ocp-release:4.20'],
    ],
    [
      `quay.io/openshift-release-dev/ocp-release@sha256:${HEX}`,
      [
        `mirror.local:5000/ocp/ocp-release@sha256:${HEX}`,
        `quay.io/openshift-release-dev/ocp-release@sha256:${HEX}`,
      ],
    ],
    [
      'quay.io/openshift-release-developer/x:1',
      [
        'mirror.local:5000/openshift-release-developer/x:1',
        'quay.io/openshift-release-developer/x:1',
      ],
    ],
    ['quay.iox/app:1', ['quay.iox/app:1']],
    ['quay.io:8443/ns/app:1', ['quay.io:8443/ns/app:1']],
    ['registry.redhat.io/a/b:1', ['m2.local/rh/a/b:1', 'registry.redhat.io/a/b:1']],
    [
      `registry.redhat.io/a/b@sha256:${HEX}`,
      [`m1.local/rh/a/b@sha256:${HEX}`, `registry.redhat.io/a/b@sha256:${HEX}`],
    ],
    ['nginx:1', ['hub.corp/cache/library/nginx:1', 'docker.io/library/nginx:1']],
    ['old.corp/team/x:1', ['new.corp/migrated/team/x:1']],
    ['old.corp/teams/x:1', ['old.corp/teams/x:1']],
    ['bad.example/x:1', ['bad.example/x:1']],
    ['e1.cdn.example/p/q:1', ['m3.local/cdn/p/q:1', 'e1.cdn.example/p/q:1']],
    ['a.b.cdn.example/p/q:1', ['m3.local/cdn/p/q:1', 'a.b.cdn.example/p/q:1']],
    ['hub.corp/library-of/nginx:1', ['docker.io/library/nginx:1']],
    ['x.deep.example/team/app:1', ['flat.example/team/app:1']],
    ['x.deep.example/teams/app:1', ['x.deep.example/teams/app:1']],
    ['elsewhere.example/e1.cdn.example/q:1', ['elsewhere.example/e1.cdn.example/q:1']],
  ])('%s is read from %j', (input, expected) => {
    expect(tried(input)).toEqual(expected);
  });

  it('refuses what a wildcard blocks, and names the file', () => {
    expect(() => tried('a.bad.example/x:1')).toThrow(
      expect.objectContaining({
        code: 'REGISTRY_BLOCKED',
        remedy: 'wait-for-change',
        message: expect.stringContaining('/etc/containers/registries.conf') as string,
      }),
    );
  });

  it('refuses a rewrite that leaves no repository', () => {
    expect(() => tried('one.corp/app:1')).toThrow(
      expect.objectContaining({ code: 'REGISTRIES_CONF_INVALID' }),
    );
  });
});

it('tells per endpoint what the table says about TLS', () => {
  const image = { registry: 'quay.io', repository: 'ns/app' };
  expect(endpointsOf(CONF, image)).toMatchObject([
    { host: 'mirror.local:5000', insecure: true, namedHost: 'quay.io' },
    { host: 'quay.io', insecure: false, namedHost: 'quay.io' },
  ]);
  expect(endpointsOf(NO_REGISTRIES_CONF, image)).toEqual([
    { host: 'quay.io', repository: 'ns/app', insecure: undefined, namedHost: 'quay.io' },
  ]);
});

it('never rewrites a push, but refuses a blocked one', () => {
  expect(writeEndpointOf(CONF, { host: 'quay.io', repository: 'ns/app' })).toEqual({
    host: 'quay.io',
    repository: 'ns/app',
    insecure: false,
    namedHost: 'quay.io',
  });
  expect(() => writeEndpointOf(CONF, { host: 'a.bad.example', repository: 'x' })).toThrow(
    expect.objectContaining({ code: 'REGISTRY_BLOCKED' }),
  );
});
