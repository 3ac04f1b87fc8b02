import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Lock, parseLock } from '../lock/lock.ts';
import { parseDestination } from '../oci/destination.ts';
import { digestOf } from '../oci/digest.ts';
import { readRegistryCA } from '../resources/registry-ca.ts';
import { parseSettings } from '../settings/parse-settings.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import { type OutputParts, renderLockedFiles, renderOutput } from './render-output.ts';

const LOCKS = new URL('../lock/testdata/', import.meta.url);
const RESOURCES = new URL('../resources/testdata/', import.meta.url);

/** What `template` of a catalog's line names. */
const TEMPLATES = new Map([
  [
    'imagesets/edge/templates/redhat.yaml',
    readFileSync(new URL('catalog/redhat.template.yaml', LOCKS), 'utf8'),
  ],
]);
/** The sample lock of a release has the digests of these as `signature`. */
const SIGNATURES = new Map(
  ['4.16.30', '4.18.1', '4.18.9'].map((version) => {
    const bytes = Buffer.from(`signature of ${version}-x86_64`);
    return [digestOf(bytes), bytes] as const;
  }),
);
const PARTS: OutputParts = { templates: TEMPLATES, signatures: SIGNATURES };

function sampleLock(name: string): Lock {
  const text = readFileSync(new URL(`${name}/imageset.lock`, LOCKS), 'utf8');
  return parseLock('imageset.lock', text);
}

/** Settings with these fields of `resources`, for the destination of a lock. */
function mirrorOf({ destination }: Pick<Lock, 'destination'>, resources: object): MirrorSettings {
  const text = JSON.stringify({
    apiVersion: 'imageset-controller/v1alpha1',
    kind: 'ControllerSettings',
    source: { url: 'https://git.example.com/a.git' },
    mirrors: [{ name: 'a', destination: `docker://${destination}`, resources }],
  });
  const [mirror] = parseSettings('settings.yaml', text).mirrors;
  if (mirror === undefined) throw new Error('the settings have a mirror');
  return mirror;
}

describe('renderOutput', () => {
  it.each(['release', 'catalog'])(
    'makes the folder beside the sample lock of a %s from that lock',
    async (name) => {
      const lock = sampleLock(name);
      const mirror = mirrorOf(lock, { appsDomain: 'apps.prod-eu.example.com' });
      const { files, missingSignatures } = renderOutput(lock, mirror, PARTS);

      const folder = new URL(`${name}/`, LOCKS);
      for (const [path, text] of files) {
        await expect(text).toMatchFileSnapshot(fileURLToPath(new URL(path, folder)));
      }
      const there = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.includes('.template.'))
        .map((entry) => `${entry.parentPath}/${entry.name}`.slice(fileURLToPath(folder).length))
        .map((path) => path.replace(/^\//, ''));
      expect([...files.keys()].sort()).toEqual(there.sort());
      expect(missingSignatures).toEqual([]);
    },
  );

  it('makes the same bytes of the same lock, in whatever order its lines are', () => {
    const lock = sampleLock('release');
    const turned: Lock = {
      ...lock,
      images: lock.images.toReversed(),
      releases: lock.releases.toReversed(),
    };
    const mirror = mirrorOf(lock, {});
    expect(renderOutput(turned, mirror, PARTS)).toEqual(renderOutput(lock, mirror, PARTS));
  });

  it('names the releases whose signature is not known, and goes without those', () => {
    const lock = sampleLock('release');
    const mirror = mirrorOf(lock, {});
    const [release] = lock.releases.filter((line) => line.release === '4.18.9-x86_64');
    const signatures = new Map(SIGNATURES);
    signatures.delete(release?.signature ?? digestOf(Buffer.of()));

    const { files, missingSignatures } = renderOutput(lock, mirror, { ...PARTS, signatures });

    expect(missingSignatures).toEqual([release]);
    const text = files.get('resources/signature-configmap.yaml') ?? '';
    expect(text).toContain(
      'sha256-73e31282274f1e5e7c3e2e001f9e07686e3fe8689c291260e94050d5f9655e23-1',
    );
    expect(text).not.toContain('sha256-dcc4ebb8');
  });

  it('asks for no signature of what is on its way out, or taken without one', () => {
    const lock = sampleLock('release');
    const releases = lock.releases.map(({ signature, ...line }) =>
      line.release === '4.16.30-x86_64' ? { ...line, ...(signature && { signature }) } : line,
    );
    const { files, missingSignatures } = renderOutput({ ...lock, releases }, mirrorOf(lock, {}), {
      templates: TEMPLATES,
      signatures: new Map(),
    });
    expect(missingSignatures).toEqual([]);
    expect([...files.keys()].filter((path) => path.includes('signature'))).toEqual([]);
  });

  it('says to a kustomization what is in resources/, and never what is in install/', () => {
    const lock = sampleLock('release');
    const mirror = mirrorOf(lock, { appsDomain: 'apps.example.com' });
    const ca = readFileSync(new URL('registry-ca/ca.crt', RESOURCES), 'utf8');
    const registryCA = readRegistryCA('ca.crt', ca, mirror.destination.host);

    const { files } = renderLockedFiles(lock, mirror, { ...PARTS, registryCA });

    const listed = [...(files.get('kustomization.yaml') ?? '').matchAll(/^- (.*)$/gm)];
    expect(listed.map(([, path]) => path)).toEqual([
      'resources/idms-oc-mirror.yaml',
      'resources/itms-oc-mirror.yaml',
      'resources/registry-ca-configmap.yaml',
      'resources/signature-configmap.yaml',
      'resources/updateService.yaml',
    ]);
    expect([...files.keys()].filter((path) => path.startsWith('install/')).sort()).toEqual([
      'install/clusterversion-upstream.yaml',
      'install/image-digest-sources.yaml',
    ]);
  });

  it.each([
    { what: 'no domain of a cluster', resources: {} },
    {
      what: 'no UpdateService',
      resources: { appsDomain: 'a.example.com', omit: ['UpdateService'] },
    },
  ])('makes no patch of a ClusterVersion where there is $what', ({ resources }) => {
    const lock = sampleLock('release');
    const { files } = renderOutput(lock, mirrorOf(lock, resources), PARTS);
    expect(files.has('install/clusterversion-upstream.yaml')).toBe(false);
    expect(files.has('install/image-digest-sources.yaml')).toBe(true);
  });

  it('lets an UpdateService serve what is wanted, not what an earlier setting left behind', () => {
    const lock = sampleLock('release');
    const left = lock.images.map((line) => {
      return { ...line, destination: line.destination.replace('/', '-'), wantedBy: [] };
    });
    const output = renderOutput(
      { ...lock, images: [...left, ...lock.images] },
      mirrorOf(lock, {}),
      PARTS,
    );
    const { files } = renderOutput(lock, mirrorOf(lock, {}), PARTS);
    const name = 'resources/updateService.yaml';
    expect(output.files.get(name)).toBe(files.get(name));
  });

  it('names places that folded paths left', () => {
    const { destination, ...lock } = sampleLock('release');
    const folded = {
      ...lock,
      destination,
      images: lock.images.map((line) => {
        return { ...line, destination: `/${line.destination.replace('openshift/', 'mirror-')}` };
      }),
    };
    const mirror = {
      ...mirrorOf({ destination }, {}),
      destination: parseDestination(destination, 1),
    };
    const { files } = renderOutput(folded, mirror, PARTS);
    expect(files.get('resources/updateService.yaml')).toContain(
      'releases: registry.example.com:5000/mirror-release-images\n',
    );
    expect(files.get('install/image-digest-sources.yaml')).toContain(
      '- registry.example.com:5000/mirror-release\n',
    );
  });
});
