import { describe, expect, it } from 'vitest';
import { makeImage, makeIndex, seededBytes } from '../../test/support/make-image.ts';
import { testClient } from '../../test/support/registry-client.ts';
import {
  type ScriptedAnswer,
  type SeenRequest,
  startScriptedRegistry,
} from '../../test/support/scripted-registry.ts';
import { ControllerError } from '../base/controller-error.ts';
import { digestOf } from '../oci/digest.ts';
import type { ImageTarget } from '../oci/ends.ts';

const signal = AbortSignal.timeout(60_000);
const MIB = 1024 * 1024;
const SESSION = '/v2/app/blobs/uploads/1?_state=s';
const OPENED: ScriptedAnswer = { status: 202, headers: { location: SESSION } };

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

function blobOf(bytes: Uint8Array): {
  mediaType: string;
  digest: ReturnType<typeof digestOf>;
  size: number;
} {
  return { mediaType: 'a/b', digest: digestOf(bytes), size: bytes.length };
}

/** Runs `work` with a target at a scripted registry; returns `METHOD path` of what was asked, digests shortened. */
async function withTarget(
  script: (request: SeenRequest, host: string) => ScriptedAnswer | undefined,
  work: (target: ImageTarget, requests: readonly SeenRequest[]) => Promise<void>,
): Promise<string[]> {
  await using registry = await startScriptedRegistry(script);
  await using client = testClient();
  await work(client.target({ host: registry.host, repository: 'app' }), registry.requests);
  return registry
    .lines()
    .map((line) => line.replace(/(sha256(?::|%3A)[0-9a-f]{6})[0-9a-f]*/g, '$1…'));
}

describe('an upload', () => {
  const small = seededBytes('small', 1000);
  const [blob, hex] = [blobOf(small), digestOf(small).slice(7, 13)];

  it('falls back to HEAD where a host opens uploads for blobs that it has, again and again', async () => {
    const lines = await withTarget(
      ({ method }) => {
        if (method === 'POST') return OPENED;
        return { status: method === 'HEAD' ? 200 : 204 };
      },
      async (target) => {
        for (let time = 0; time < 5; time += 1)
          expect(await target.beginBlob(blob, { from: 'app' }, signal)).toBeUndefined();
      },
    );
    const miss = [
      `POST /v2/app/blobs/uploads/?mount=sha256:${hex}…&from=app`,
      `HEAD /v2/app/blobs/sha256:${hex}…`,
      `DELETE ${SESSION}`,
    ];
    expect(lines).toEqual([
      ...[miss, miss, miss, miss].flat(),
      `HEAD /v2/app/blobs/sha256:${hex}…`,
    ]);
  });

  it('forgives a host a mount that does not find what is there', async () => {
    let mounts = 0;
    const lines = await withTarget(
      ({ method }) => {
        if (method !== 'POST') return { status: method === 'HEAD' ? 200 : 204 };
        mounts += 1;
        return mounts === 1 ? OPENED : { status: 201 };
      },
      async (target) => {
        for (let time = 0; time < 3; time += 1)
          expect(await target.beginBlob(blob, { from: 'app' }, signal)).toBeUndefined();
      },
    );
    const methods = lines.map((line) => line.split(' ')[0]);
    expect(methods).toEqual(['POST', 'HEAD', 'DELETE', 'POST', 'POST']);
  });

  it.each([400, 403, 404, 405])(
    'asks by HEAD and opens plain ones at a host that answers mounts with %i',
    async (status) => {
      const lines = await withTarget(
        ({ method, path }) => {
          if (method === 'POST') return path.includes('mount') ? { status } : OPENED;
          return { status: method === 'PUT' ? 201 : 404 };
        },
        async (target) => {
          for (let time = 0; time < 2; time += 1) {
            const upload = await target.beginBlob(blob, { from: 'app' }, signal);
            await upload?.finish(once(small), signal);
          }
        },
      );
      const methods = lines.map((line) => line.split(' ')[0]);
      expect(methods).toEqual(['POST', 'POST', 'HEAD', 'PUT', 'HEAD', 'POST', 'PUT']);
    },
  );

  it('learns once, from a blob that it sent, that a host tells presence by mounts', async () => {
    let isThere = false;
    const lines = await withTarget(
      ({ method }) => {
        if (method === 'PUT') isThere = true;
        if (method === 'POST') return isThere ? { status: 201 } : OPENED;
        return { status: method === 'PUT' ? 201 : 404 };
      },
      async (target) => {
        await (await target.beginBlob(blob, { from: 'app' }, signal))?.finish(once(small), signal);
        isThere = false;
        await (await target.beginBlob(blob, { from: 'app' }, signal))?.finish(once(small), signal);
      },
    );
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'POST',
      'HEAD',
      'PUT',
      'POST',
      'POST',
      'PUT',
    ]);
  });

  it('does not take a blob of another size for the one it has', async () => {
    await withTarget(
      ({ method }) =>
        method === 'POST' ? OPENED : { status: 200, headers: { 'content-length': '1' } },
      async (target) => {
        expect(await target.beginBlob(blob, { from: 'app' }, signal)).toBeDefined();
      },
    );
  });

  it.each([400, 403, 404, 405])(
    'opens a plain one where a mount is answered %i',
    async (status) => {
      const lines = await withTarget(
        ({ method, path }) => {
          if (method === 'POST') return path.includes('mount') ? { status } : OPENED;
          return { status: 404 };
        },
        async (target) => {
          expect(await target.beginBlob(blob, { from: 'other' }, signal)).toBeDefined();
        },
      );
      expect(lines.at(-1)).toBe('POST /v2/app/blobs/uploads/');
    },
  );

  it.each([
    ['PUT', small],
    ['PATCH', seededBytes('large', 2 * MIB)],
  ])('that the registry forgot at %s is to be begun again', async (_method, bytes) => {
    await withTarget(
      ({ method }) => (method === 'POST' ? OPENED : { status: 404 }),
      async (target) => {
        const upload = await target.beginBlob(blobOf(bytes), { from: 'app' }, signal);
        await expect(upload?.finish(once(bytes), signal)).rejects.toMatchObject({
          code: 'REGISTRY_BROKEN',
          remedy: 'retry-later',
        });
      },
    );
  });

  it.each([1000, 2 * MIB])(
    'of %i bytes fails with what its content says, and is cancelled',
    async (size) => {
      const failure = new ControllerError('BLOB_CORRUPT', 'no', { remedy: 'retry-later' });
      const bytes = seededBytes('corrupt', size);
      async function* corrupt(): AsyncGenerator<Uint8Array> {
        yield* once(bytes.subarray(0, size / 2));
        throw failure;
      }
      const lines = await withTarget(
        ({ method }) => (method === 'POST' ? OPENED : { status: method === 'DELETE' ? 204 : 404 }),
        async (target) => {
          const upload = await target.beginBlob(blobOf(bytes), { from: 'app' }, signal);
          await expect(upload?.finish(corrupt(), signal)).rejects.toBe(failure);
        },
      );
      expect(lines.at(-1)).toBe(`DELETE ${SESSION}`);
    },
  );

  it('goes in ever smaller parts where bodies are refused, and begins so the next time', async () => {
    const bytes = seededBytes('large', 3 * MIB + 5);
    const stored: Buffer[] = [];
    const answer = ({ method, body, headers }: SeenRequest): ScriptedAnswer => {
      if (method === 'POST') return OPENED;
      if (method === 'PUT') return { status: 201 };
      if (method !== 'PATCH') return { status: 404 };
      if (body.length > MIB) return { status: 413 };
      const start = stored.reduce((sum, part) => sum + part.length, 0);
      if (headers['content-range'] !== `${start}-${start + body.length - 1}`)
        return { status: 416 };
      stored.push(body);
      return {
        status: 202,
        headers: { location: `/v2/app/blobs/uploads/1?_state=${stored.length}` },
      };
    };
    const lines = await withTarget(answer, async (target, requests) => {
      const first = await target.beginBlob(blobOf(bytes), { from: 'app' }, signal);
      await expect(first?.finish(once(bytes), signal)).rejects.toMatchObject({
        remedy: 'retry-later',
      });
      const second = await target.beginBlob(blobOf(bytes), { from: 'app' }, signal);
      await second?.finish(once(bytes), signal);
      expect(Buffer.concat(stored).equals(bytes)).toBe(true);
      const sizes = requests
        .filter(({ method }) => method === 'PATCH')
        .map(({ body }) => body.length);
      expect(sizes.slice(0, 2)).toEqual([3 * MIB + 5, 3 * MIB + 5]);
      expect(sizes.slice(2).every((size) => size <= MIB)).toBe(true);
    });
    // The latest place counts, with its own query.
    expect(lines.find((line) => line.startsWith('PUT'))).toMatch(/uploads\/1\?_state=5&digest=/);
  });

  it('says what to change where even small bodies are refused', async () => {
    const bytes = seededBytes('large', 2 * MIB);
    await withTarget(
      ({ method }) => (method === 'POST' ? OPENED : { status: 413 }),
      async (target) => {
        const begin = async (): Promise<void> =>
          await (
            await target.beginBlob(blobOf(bytes), { from: 'x' }, signal)
          )?.finish(once(bytes), signal);
        await expect(begin()).rejects.toMatchObject({ remedy: 'retry-later' });
        await expect(begin()).rejects.toMatchObject({
          code: 'REGISTRY_REFUSED',
          hint: expect.stringContaining('client_max_body_size') as string,
        });
      },
    );
  });

  it('without a Location is an error, and abort never throws', async () => {
    await withTarget(
      () => ({ status: 202 }),
      async (target) => {
        await expect(target.beginBlob(blob, { from: 'x' }, signal)).rejects.toMatchObject({
          code: 'REGISTRY_BROKEN',
        });
      },
    );
    await withTarget(
      ({ method }) => (method === 'POST' ? OPENED : { status: 500 }),
      async (target) => {
        const upload = await target.beginBlob(blob, { from: 'x' }, signal);
        await expect(upload?.abort()).resolves.toBeUndefined();
      },
    );
  });
});

describe('a manifest that was put', () => {
  it('must be kept byte by byte', async () => {
    const image = await makeImage();
    const other = digestOf(Buffer.from('rewritten'));
    await withTarget(
      () => ({ status: 201, headers: { 'docker-content-digest': other } }),
      async (target) => {
        const put = target.putManifest(image.top, { kind: 'tag', tag: 'v1' }, signal);
        await expect(put).rejects.toMatchObject({
          code: 'DIGEST_MISMATCH',
          message: expect.stringContaining('the registry rewrites manifests') as string,
        });
      },
    );
  });

  it.each([
    [200, undefined],
    [404, 'DIGEST_MISMATCH'],
  ])('is looked for once where the answer has no digest (%i)', async (status, code) => {
    const image = await makeImage();
    const lines = await withTarget(
      ({ method }) => ({ status: method === 'PUT' ? 201 : status }),
      async (target) => {
        const put = target.putManifest(image.top, { kind: 'tag', tag: 'v1' }, signal);
        if (code === undefined) await put;
        else await expect(put).rejects.toMatchObject({ code });
      },
    );
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['PUT', 'HEAD']);
  });

  it.each([400, 404])(
    'and is refused with %i says "Manifest list" for an index alone',
    async (status) => {
      const image = await makeImage();
      const index = makeIndex([image]);
      const body =
        '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"the words of the registry"}]}';
      await withTarget(
        () => ({ status, body }),
        async (target) => {
          const tag = { kind: 'tag', tag: 'v1' } as const;
          await expect(target.putManifest(index.top, tag, signal)).rejects.toThrow(
            /Manifest list .*the words of the registry/,
          );
          await expect(target.putManifest(image.top, tag, signal)).rejects.not.toThrow(
            /Manifest list/,
          );
        },
      );
    },
  );
});

describe('a list of tags', () => {
  function page(tags: readonly string[], link?: string): ScriptedAnswer {
    return {
      status: 200,
      ...(link === undefined ? {} : { headers: { link } }),
      body: JSON.stringify({ name: 'app', tags }),
    };
  }

  it('goes on to the last page, and leaves out what is no tag', async () => {
    await withTarget(
      ({ path }, host) => {
        if (path === '/v2/app/tags/list')
          return page(['b', '../x'], '</v2/app/tags/list?last=b>; rel="next"');
        if (path.endsWith('last=b'))
          return page([], `<http://${host}/v2/app/tags/list?last=c>; rel=next`);
        return page(['a', 'b']);
      },
      async (target) => {
        expect(await target.listTags(signal)).toEqual(['a', 'b']);
      },
    );
  });

  it('may be null', async () => {
    await withTarget(
      () => ({ status: 200, body: '{"name":"app","tags":null}' }),
      async (target) => {
        expect(await target.listTags(signal)).toEqual([]);
      },
    );
  });

  it('that continues at another host is not followed', async () => {
    const lines = await withTarget(
      () => page(['a'], '<http://elsewhere.example/v2/app/tags/list?last=a>; rel="next"'),
      async (target) => {
        await expect(target.listTags(signal)).rejects.toThrow('elsewhere.example');
      },
    );
    expect(lines).toHaveLength(1);
  });

  it.each([
    ['runs in a circle', () => page(['a'], '</v2/app/tags/list?last=a>; rel="next"')],
    ['is no JSON', () => ({ status: 200, body: '<html>' })],
    ['is something else', () => ({ status: 200, body: '{"tags":5}' })],
  ])('that %s is refused', async (_what, answer) => {
    await withTarget(answer, async (target) => {
      await expect(target.listTags(signal)).rejects.toMatchObject({ code: 'REGISTRY_BROKEN' });
    });
  });
});

describe('deleting a tag', () => {
  it('asks once with a tag that does not exist whether the host can', async () => {
    const lines = await withTarget(
      ({ path }) =>
        path.includes('no-such') ? { status: 404 } : { status: path.endsWith('gone') ? 404 : 202 },
      async (target) => {
        expect(await target.deleteTag('v1', signal)).toBe(true);
        expect(await target.deleteTag('gone', signal)).toBe(false);
      },
    );
    expect(lines).toEqual([
      expect.stringMatching(/^DELETE \/v2\/app\/manifests\/imageset-no-such-tag-/),
      'DELETE /v2/app/manifests/v1',
      'DELETE /v2/app/manifests/gone',
    ]);
  });

  it.each([
    [405, ''],
    [400, '{"errors":[{"code":"UNSUPPORTED"}]}'],
    [400, '{"errors":[{"code":"DIGEST_INVALID"}]}'],
  ])('is refused where the host answers %i %s, without touching the tag', async (status, body) => {
    const lines = await withTarget(
      () => ({ status, body }),
      async (target) => {
        const refused = { code: 'REGISTRY_DELETE_UNSUPPORTED' };
        await expect(target.deleteTag('v1', signal)).rejects.toMatchObject(refused);
        await expect(target.deleteTag('v2', signal)).rejects.toMatchObject(refused);
      },
    );
    expect(lines).toHaveLength(1);
  });
});
