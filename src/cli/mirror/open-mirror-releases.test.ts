import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { silentLog } from '../../base/log.ts';
import { digestOf } from '../../oci/digest.ts';
import { openMirrorReleases, takesKeptGraphImage } from './open-mirror-releases.ts';
import { openWorkspace } from './workspace.ts';

const PAYLOAD = digestOf(Buffer.from('payload'));
const { signal } = new AbortController();

let folder: TemporaryFolder;
let lines: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  lines = [];
});
afterEach(() => folder[Symbol.asyncDispose]());

function open(environment: Readonly<Record<string, string>>) {
  const line = (text: string): void => void lines.push(text);
  return openMirrorReleases({
    ...{ environment, cwd: folder.path, now: () => new Date(), registryLog: silentLog },
    workspace: openWorkspace('ws', folder.path),
    log: { error: line, warn: line, info: line, debug: line },
    retry: { times: 0, delayMs: 0 },
  });
}

describe('openMirrorReleases', () => {
  it('knows the public places, and asks none of them by itself', async () => {
    await using releases = open({});

    expect(releases.graphImage).toMatchObject({
      url: 'https://api.openshift.com/api/upgrades_info/graph-data',
      base: 'registry.access.redhat.com/ubi9/ubi:latest',
    });
    expect(lines).toEqual([]);
  });

  it('takes the graph data and the base from where the environment says', async () => {
    await using releases = open({
      GRAPH_DATA_URL_OVERRIDE: 'https://me:secret@mirror.test/graph-data?token=x',
      GRAPH_BASE_OVERRIDE: 'mirror.test/ubi:9',
    });

    expect(releases.graphImage).toMatchObject({
      url: 'https://mirror.test/graph-data',
      base: 'mirror.test/ubi:9',
    });
  });

  it.each(['UPDATE_URL_OVERRIDE', 'GRAPH_DATA_URL_OVERRIDE'])(
    'refuses a %s that is none',
    (name) => {
      expect(() => open({ [name]: 'file:///graph' })).toThrow(
        expect.objectContaining({
          code: 'SETTINGS_INVALID',
          message: expect.stringContaining(name) as string,
        }) as Error,
      );
    },
  );

  it('logs an OCP_SIGNATURE_URL that is none, and goes on', async () => {
    await using releases = open({ OCP_SIGNATURE_URL: 'nonsense' });

    expect(releases.signatures.ocp).toBeDefined();
    expect(lines).toEqual([expect.stringMatching(/^OCP_SIGNATURE_URL is not the URL/)]);
  });

  it('has no keys of OKD by itself, and says which variable names some', async () => {
    await using releases = open({});

    await expect(releases.signatures.okd.find(PAYLOAD, signal)).rejects.toMatchObject({
      code: 'SIGNING_KEYS_INVALID',
      hint: expect.stringContaining('OCP_SIGNATURE_VERIFICATION_PK') as string,
    });
  });

  it('warns of keys that cannot be read when they are needed, once', async () => {
    // Nothing listens there.
    const OCP_SIGNATURE_URL = 'http://127.0.0.1:1/';
    const OCP_SIGNATURE_VERIFICATION_PK = join(folder.path, 'nowhere.asc');
    await using releases = open({ OCP_SIGNATURE_URL, OCP_SIGNATURE_VERIFICATION_PK });
    const { ocp, okd } = releases.signatures;
    const before = [...lines];

    for (const store of [ocp, okd]) {
      await expect(store.find(PAYLOAD, signal)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    }

    expect(before).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(/^OCP_SIGNATURE_VERIFICATION_PK: .*nowhere\.asc/),
    ]);
    // One URL and one ring for both: it is asked once for what it does not have.
    expect(okd).toBe(ocp);
  });
});

describe('takesKeptGraphImage', () => {
  it.each([
    { environment: {}, kept: false },
    { environment: { UPDATE_URL_OVERRIDE: '' }, kept: false },
    { environment: { UPDATE_URL_OVERRIDE: 'https://osus.test/graph' }, kept: true },
    {
      environment: {
        UPDATE_URL_OVERRIDE: 'https://osus.test/graph',
        GRAPH_DATA_URL_OVERRIDE: 'https://osus.test/data',
      },
      kept: false,
    },
  ])('is $kept with $environment', ({ environment, kept }) => {
    expect(takesKeptGraphImage(environment)).toBe(kept);
  });
});
