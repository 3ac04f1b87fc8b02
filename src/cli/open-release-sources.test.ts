import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { signRelease } from '../../test/support/releases/sign-release.ts';
import { makeSigningKey } from '../../test/support/releases/signing-key.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { ControllerError } from '../base/controller-error.ts';
import { digestOf } from '../oci/digest.ts';
import { type KeyRing, readKeyRing } from '../release/signature/key-ring.ts';
import type { WebClient } from '../web/web-client.ts';
import { type ReleaseEnd, openReleaseSources } from './open-release-sources.ts';

const PAYLOAD = digestOf(Buffer.from('payload'));
const NAMES = { graphUrl: 'graph', signatureUrl: 'store', keys: 'keys' };
const { signal } = new AbortController();

it('reads keys when the first signature is looked for, and again when they were wrong', async () => {
  await using folder = await temporaryFolder();
  const key = makeSigningKey('release');
  const reference = 'quay.io/a/b:1-x86_64';
  const body = signRelease({ digest: PAYLOAD, reference, key });
  const web: WebClient = {
    get: () => Promise.resolve({ kind: 'found', body, validators: {} }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const wrong = new ControllerError('SIGNING_KEYS_INVALID', 'no keys', {
    remedy: 'wait-for-change',
  });
  const keysFile = join(folder.path, 'keys.asc');
  await writeFile(keysFile, key.armoured);
  const ring = await readKeyRing(keysFile);
  const answers: (KeyRing | ControllerError)[] = [wrong, ring];
  let times = 0;
  const readKeys = (): Promise<KeyRing | ControllerError> => {
    times += 1;
    return Promise.resolve(answers.shift() ?? wrong);
  };
  const end: ReleaseEnd = { readKeys, hasKeys: true, names: NAMES };
  const folders = { graphs: folder.path, payloads: folder.path, graphImage: folder.path };
  const { signatures } = openReleaseSources(
    { ends: { ocp: end, okd: end }, unsigned: new Set(), graphDataName: 'data' },
    { ...folders, keepGraphsAs: 'by-type', signatures: folder.path },
    { web, now: () => new Date('2025-01-01') },
  );

  const before = times;
  await expect(signatures.ocp.find(PAYLOAD, signal)).rejects.toBe(wrong);
  const found = await signatures.ocp.find(PAYLOAD, signal);
  await signatures.ocp.find(PAYLOAD, signal);

  expect(found?.reference).toMatchObject({ repository: 'a/b', tag: '1-x86_64' });
  expect([before, times]).toEqual([0, 2]);
});
