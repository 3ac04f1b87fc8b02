import { connect } from 'node:net';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunningEmbeddedRegistry,
  startEmbeddedRegistry,
} from '../../../test/support/embedded-registry.ts';
import {
  makeImage,
  makeIndex,
  makeReferrer,
  seededBytes,
} from '../../../test/support/make-image.ts';
import { type PlainResponse, plainRequest } from '../../../test/support/plain-request.ts';
import { pushBlob, pushImage } from '../../../test/support/push-image.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { silentLog } from '../../base/log.ts';
import { digestOf } from '../../oci/digest.ts';
import { MANIFEST_LIMIT_BYTES } from '../../oci/manifest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { openStore } from '../open-store.ts';
import { isLoopback, serveRegistry } from './serve-registry.ts';

let registry: RunningEmbeddedRegistry;

beforeEach(async () => {
  registry = await startEmbeddedRegistry();
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
});

function ask(
  method: string,
  path: string,
  options: Parameters<typeof plainRequest>[3] = {},
): Promise<PlainResponse> {
  return plainRequest(registry.endpoint, method, path, options);
}

function errorCode({ body }: PlainResponse): string | undefined {
  return (JSON.parse(body.toString()) as { errors: { code: string }[] }).errors[0]?.code;
}

async function beginUpload(repository = 'app'): Promise<string> {
  const { status, headers } = await ask('POST', `/v2/${repository}/blobs/uploads/`, { body: '' });
  expect(status).toBe(202);
  return headers.location ?? '';
}

/** Sends bytes as they are and returns what comes back until the server ends the connection or is silent. */
async function sendRaw(text: string): Promise<string> {
  const { port } = new URL(registry.endpoint.url);
  const socket = connect(Number(port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(text);
  for (let attempt = 0; attempt < 200 && !answer.includes('\r\n\r\n'); attempt += 1)
    await sleep(10);
  socket.destroy();
  return answer;
}

describe('ping and methods', () => {
  it('answers the ping with the version header', async () => {
    const { status, headers } = await ask('GET', '/v2/');
    expect(status).toBe(200);
    expect(headers['docker-distribution-api-version']).toBe('registry/2.0');
  });

  it('refuses methods that an endpoint does not have', async () => {
    const answer = await ask('POST', '/v2/app/manifests/v1', { body: '{}' });
    expect([answer.status, errorCode(answer), answer.headers.allow]).toEqual([
      405,
      'UNSUPPORTED',
      'GET, HEAD, PUT, DELETE',
    ]);
  });
});

describe('manifests', () => {
  it('are served as they were pushed, to GET and HEAD, by tag and digest', async () => {
    const image = await makeImage({ mediaTypes: 'docker' });
    await pushImage(registry.endpoint, 'team/app', image, 'v1');
    for (const name of ['v1', image.top.digest]) {
      const got = await ask('GET', `/v2/team/app/manifests/${name}`);
      const head = await ask('HEAD', `/v2/team/app/manifests/${name}`);
      expect(got.body.equals(image.top.bytes)).toBe(true);
      for (const { status, headers } of [got, head]) {
        expect(status).toBe(200);
        expect(headers).toMatchObject({
          'content-type': MEDIA_TYPES.dockerManifest,
          'content-length': String(image.top.bytes.length),
          'docker-content-digest': image.top.digest,
        });
      }
      expect(head.body).toHaveLength(0);
    }
  });

  it('need their blobs, but an index needs no children', async () => {
    const image = await makeImage();
    const put = await ask('PUT', '/v2/app/manifests/v1', {
      headers: { 'content-type': image.top.mediaType },
      body: image.top.bytes,
    });
    expect([put.status, errorCode(put)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    const sparse = makeIndex([], { absent: [image] });
    await pushImage(registry.endpoint, 'app', sparse, 'v1');
    expect((await ask('GET', '/v2/app/manifests/v1')).body.equals(sparse.top.bytes)).toBe(true);
  });

  it('may name foreign layers that nobody pushed', async () => {
    await pushImage(
      registry.endpoint,
      'app',
      await makeImage({ foreignLayer: ['https://example.com/layer'] }),
      'v1',
    );
    expect((await ask('HEAD', '/v2/app/manifests/v1')).status).toBe(200);
  });

  it.each([
    { what: 'no JSON', body: 'text', status: 400, code: 'MANIFEST_INVALID' },
    { what: 'no manifest', body: '{"schemaVersion":2}', status: 400, code: 'MANIFEST_INVALID' },
    { what: 'schema 1', body: '{"schemaVersion":1}', status: 400, code: 'MANIFEST_INVALID' },
    {
      what: 'another type than it says',
      body: JSON.stringify({ mediaType: MEDIA_TYPES.dockerList, manifests: [] }),
      status: 400,
      code: 'MANIFEST_INVALID',
    },
    {
      what: 'more than 4 MiB',
      body: ' '.repeat(MANIFEST_LIMIT_BYTES + 1),
      status: 413,
      code: 'MANIFEST_INVALID',
    },
  ])('are refused with $what', async ({ body, status, code }) => {
    const answer = await ask('PUT', '/v2/app/manifests/v1', {
      headers: { 'content-type': MEDIA_TYPES.ociIndex },
      body,
    });
    expect([answer.status, errorCode(answer)]).toEqual([status, code]);
    expect((await ask('GET', '/v2/app/manifests/v1')).status).toBe(404);
  });

  it('are refused under another digest', async () => {
    const [one, two] = [makeIndex([]), makeIndex([], { annotations: { a: 'b' } })];
    const answer = await ask('PUT', `/v2/app/manifests/${one.top.digest}`, {
      headers: { 'content-type': two.top.mediaType },
      body: two.top.bytes,
    });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'DIGEST_INVALID']);
  });

  it('are deleted by digest with their tags, or one tag alone', async () => {
    const image = await makeImage();
    await pushImage(registry.endpoint, 'app', image, 'v1');
    await pushImage(registry.endpoint, 'app', image, 'v2');
    expect((await ask('DELETE', '/v2/app/manifests/v1')).status).toBe(202);
    expect((await ask('DELETE', '/v2/app/manifests/v1')).status).toBe(404);
    expect((await ask('GET', '/v2/app/manifests/v2')).status).toBe(200);
    expect((await ask('DELETE', `/v2/app/manifests/${image.top.digest}`)).status).toBe(202);
    expect((await ask('DELETE', `/v2/app/manifests/${image.top.digest}`)).status).toBe(404);
    expect(JSON.parse((await ask('GET', '/v2/app/tags/list')).body.toString())).toEqual({
      name: 'app',
      tags: [],
    });
  });
});

describe('blobs', () => {
  const content = seededBytes('blob', 1000);
  const digest = digestOf(content);
  const path = `/v2/app/blobs/${digest}`;

  it.each([
    { range: undefined, status: 200, start: 0, end: 999, contentRange: undefined },
    { range: 'bytes=0-0', status: 206, start: 0, end: 0, contentRange: 'bytes 0-0/1000' },
    { range: 'bytes=500-', status: 206, start: 500, end: 999, contentRange: 'bytes 500-999/1000' },
    { range: 'bytes=-10', status: 206, start: 990, end: 999, contentRange: 'bytes 990-999/1000' },
    { range: 'bytes=0-1,5-6', status: 200, start: 0, end: 999, contentRange: undefined },
  ])('are served with the range $range', async ({ range, status, start, end, contentRange }) => {
    await pushBlob(registry.endpoint, 'app', digest, content);
    const got = await ask('GET', path, range === undefined ? {} : { headers: { range } });
    expect([got.status, got.headers['content-range']]).toEqual([status, contentRange]);
    expect(got.headers['content-length']).toBe(String(end - start + 1));
    expect(got.body.equals(content.subarray(start, end + 1))).toBe(true);
  });

  it('tell their size to HEAD, and to a range that is not there', async () => {
    await pushBlob(registry.endpoint, 'app', digest, content);
    const head = await ask('HEAD', path);
    expect([
      head.status,
      head.headers['content-length'],
      head.headers['docker-content-digest'],
    ]).toEqual([200, '1000', digest]);
    const beyond = await ask('GET', path, { headers: { range: 'bytes=1000-' } });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */1000']);
  });

  it('belong to a repository, and can leave it', async () => {
    await pushBlob(registry.endpoint, 'app', digest, content);
    expect((await ask('HEAD', `/v2/other/blobs/${digest}`)).status).toBe(404);
    expect((await ask('DELETE', path)).status).toBe(202);
    expect((await ask('DELETE', path)).status).toBe(404);
    expect((await ask('HEAD', path)).status).toBe(404);
  });

  it('may be empty', async () => {
    const empty = Buffer.alloc(0);
    await pushBlob(registry.endpoint, 'app', digestOf(empty), empty);
    const got = await ask('GET', `/v2/app/blobs/${digestOf(empty)}`);
    expect([got.status, got.body.length]).toEqual([200, 0]);
  });
});

describe('uploads', () => {
  const content = seededBytes('upload', 1000);
  const digest = digestOf(content);

  it('take a whole blob in one POST', async () => {
    const posted = await ask('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: content });
    expect([posted.status, posted.headers.location]).toEqual([201, `/v2/app/blobs/${digest}`]);
    expect((await ask('GET', `/v2/app/blobs/${digest}`)).body.equals(content)).toBe(true);
  });

  it('take PATCHes without ranges, then an empty PUT', async () => {
    const location = await beginUpload();
    expect((await ask('PATCH', location, { body: content.subarray(0, 300) })).headers.range).toBe(
      '0-299',
    );
    expect((await ask('PATCH', location, { body: content.subarray(300) })).headers.range).toBe(
      '0-999',
    );
    expect((await ask('PUT', `${location}?digest=${digest}`, { body: '' })).status).toBe(201);
    expect((await ask('PUT', `${location}?digest=${digest}`, { body: '' })).status).toBe(404);
  });

  it('take chunks in order, refuse a gap and tell where to go on', async () => {
    const location = await beginUpload();
    const chunk = (start: number, end: number): Promise<PlainResponse> =>
      ask('PATCH', location, {
        headers: { 'content-range': `${start}-${end}` },
        body: content.subarray(start, end + 1),
      });
    expect((await chunk(0, 299)).status).toBe(202);
    const gap = await chunk(400, 499);
    expect([gap.status, gap.headers.range, errorCode(gap)]).toEqual([
      416,
      '0-299',
      'RANGE_INVALID',
    ]);
    expect((await chunk(0, 299)).status).toBe(416);
    const status = await ask('GET', location);
    expect([status.status, status.headers.range]).toEqual([204, '0-299']);
    const last = { headers: { 'content-range': '300-999' }, body: content.subarray(300) };
    expect((await ask('PUT', `${location}?digest=${digest}`, last)).status).toBe(201);
  });

  it('refuse a range that contradicts the length', async () => {
    const location = await beginUpload();
    const answer = await ask('PATCH', location, {
      headers: { 'content-range': '0-9' },
      body: 'too short',
    });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'BLOB_UPLOAD_INVALID']);
  });

  it.each(['POST', 'PUT'])('refuse a wrong digest by %s, and keep nothing', async (method) => {
    const wrong = digestOf(Buffer.from('other'));
    const path = method === 'POST' ? '/v2/app/blobs/uploads/' : await beginUpload();
    const answer = await ask(method, `${path}?digest=${wrong}`, { body: content });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await ask('HEAD', `/v2/app/blobs/${wrong}`)).status).toBe(404);
    expect(await readdir(join(registry.storageFolder, '.imageset/unfinished'))).toEqual([]);
  });

  it('mount from another repository, or from their own; else an upload begins', async () => {
    await pushBlob(registry.endpoint, 'one', digest, content);
    const mount = (query: string): Promise<PlainResponse> =>
      ask('POST', `/v2/two/blobs/uploads/?mount=${digest}${query}`, { body: '' });
    expect((await mount('&from=three')).status).toBe(202);
    expect((await mount('')).status).toBe(202);
    expect((await mount('&from=../one')).status).toBe(202);
    expect((await mount('&from=two')).status).toBe(202);
    expect((await mount('&from=one')).status).toBe(201);
    expect((await mount('&from=two')).status).toBe(201);
    expect((await ask('GET', `/v2/two/blobs/${digest}`)).body.equals(content)).toBe(true);
  });

  it('are cancelled, and belong to one repository', async () => {
    const location = await beginUpload();
    expect((await ask('PATCH', location.replace('/app/', '/other/'), { body: 'x' })).status).toBe(
      404,
    );
    expect((await ask('DELETE', location)).status).toBe(204);
    expect((await ask('DELETE', location)).status).toBe(404);
    expect(await readdir(join(registry.storageFolder, '.imageset/unfinished'))).toEqual([]);
  });

  it('take one client at a time, and keep what arrived when it goes away in the middle', async () => {
    const location = await beginUpload();
    const { host } = registry;
    const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
    socket.write(`PATCH ${location} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 1000\r\n\r\n`);
    socket.write(content.subarray(0, 300));
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const { headers } = await ask('GET', location);
      if (headers.range === '0-299') break;
      await sleep(10);
    }
    const second = await ask('PATCH', location, { body: 'x' });
    expect([second.status, errorCode(second)]).toEqual([400, 'BLOB_UPLOAD_INVALID']);
    socket.destroy();
    let resumed = await ask('PUT', `${location}?digest=${digest}`, {
      headers: { 'content-range': '300-999' },
      body: content.subarray(300),
    });
    for (let attempt = 0; attempt < 200 && resumed.status === 400; attempt += 1) {
      await sleep(10); // The server has not seen the end of the first client yet.
      resumed = await ask('PUT', `${location}?digest=${digest}`, {
        headers: { 'content-range': '300-999' },
        body: content.subarray(300),
      });
    }
    expect(resumed.status).toBe(201);
  });
});

describe('lists', () => {
  it('page through tags, with a link to the next page', async () => {
    const image = await makeImage();
    for (const tag of ['c', 'a', 'B', 'd']) await pushImage(registry.endpoint, 'app', image, tag);
    const tagsOf = (answer: PlainResponse): unknown =>
      (JSON.parse(answer.body.toString()) as { tags: string[] }).tags;
    expect(tagsOf(await ask('GET', '/v2/app/tags/list'))).toEqual(['B', 'a', 'c', 'd']);
    const first = await ask('GET', '/v2/app/tags/list?n=2');
    expect([tagsOf(first), first.headers.link]).toEqual([
      ['B', 'a'],
      '</v2/app/tags/list?last=a&n=2>; rel="next"',
    ]);
    const second = await ask('GET', '/v2/app/tags/list?last=a&n=2');
    expect([tagsOf(second), second.headers.link]).toEqual([['c', 'd'], undefined]);
    expect(tagsOf(await ask('GET', '/v2/app/tags/list?n=0'))).toEqual([]);
    const wrong = await ask('GET', '/v2/app/tags/list?n=-1');
    expect([wrong.status, errorCode(wrong)]).toEqual([400, 'PAGINATION_NUMBER_INVALID']);
    const unknown = await ask('GET', '/v2/unknown/tags/list');
    expect([unknown.status, errorCode(unknown)]).toEqual([404, 'NAME_UNKNOWN']);
  });

  it('page through repositories', async () => {
    const image = await makeImage();
    for (const name of ['b', 'a/b', 'a']) await pushImage(registry.endpoint, name, image, 'v1');
    const page = await ask('GET', '/v2/_catalog?n=2');
    expect(JSON.parse(page.body.toString())).toEqual({ repositories: ['a', 'a/b'] });
    expect(page.headers.link).toBe('</v2/_catalog?last=a%2Fb&n=2>; rel="next"');
  });

  it('name the referrers of a digest, by artifact type where asked', async () => {
    const image = await makeImage();
    const [note, report] = [
      makeReferrer(image, 'application/note'),
      makeReferrer(image, 'application/report'),
    ];
    await pushImage(registry.endpoint, 'app', image, 'v1');
    await pushImage(registry.endpoint, 'app', note);
    const [config] = report.blobs.keys();
    const put = await ask('PUT', `/v2/app/manifests/${report.top.digest}`, {
      headers: { 'content-type': report.top.mediaType },
      body: report.top.bytes,
    });
    expect([config === undefined, put.status, put.headers['oci-subject']]).toEqual([
      false,
      201,
      image.top.digest,
    ]);
    const path = `/v2/app/referrers/${image.top.digest}`;
    const digestsOf = (answer: PlainResponse): string[] =>
      (JSON.parse(answer.body.toString()) as { manifests: { digest: string }[] }).manifests.map(
        (one) => one.digest,
      );
    const all = await ask('GET', path);
    expect([all.headers['content-type'], digestsOf(all).sort()]).toEqual([
      MEDIA_TYPES.ociIndex,
      [note.top.digest, report.top.digest].sort(),
    ]);
    const some = await ask('GET', `${path}?artifactType=application/report`);
    expect([some.headers['oci-filters-applied'], digestsOf(some)]).toEqual([
      'artifactType',
      [report.top.digest],
    ]);
    expect(
      digestsOf(await ask('GET', `/v2/app/referrers/${digestOf(Buffer.from('nothing'))}`)),
    ).toEqual([]);
  });
});

describe('limits', () => {
  it('refuses huge headers', async () => {
    const answer = await sendRaw(
      `GET /v2/ HTTP/1.1\r\nhost: x\r\nx-filler: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it.each([
    '/v2/../../etc/passwd',
    '/v2/%2e%2e/%2e%2e/tags/list',
    '/v2/a/../b/tags/list',
    '//v2/',
    '/v2/a/blobs/%',
    '*',
    'http://other/v2/',
  ])('finds nothing at %s', async (path) => {
    const answer = await sendRaw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  it('lets a client that asks first send nothing in vain', async () => {
    const body = `PUT /v2/app/manifests/v1 HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${MANIFEST_LIMIT_BYTES + 1}\r\n\r\n`;
    expect(await sendRaw(body)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await sendRaw(body.replace(/length: \d+/, 'length: 10'))).toMatch(/^HTTP\/1\.1 100 /);
  });

  it('refuses writes of web pages where no passwords are asked for', async () => {
    const answer = await ask('POST', '/v2/app/blobs/uploads/', {
      headers: { origin: 'https://example.com' },
      body: '',
    });
    expect([answer.status, errorCode(answer)]).toEqual([403, 'DENIED']);
  });
});

it('serves reads alone when it is read-only', async () => {
  await pushImage(registry.endpoint, 'app', await makeImage(), 'v1');
  await using readOnly = await startEmbeddedRegistry({
    storageFolder: registry.storageFolder,
    readOnly: true,
  });
  const { endpoint } = readOnly;
  expect((await plainRequest(endpoint, 'GET', '/v2/app/manifests/v1')).status).toBe(200);
  for (const [method, path] of [
    ['POST', '/v2/app/blobs/uploads/'],
    ['DELETE', '/v2/app/manifests/v1'],
    ['PUT', '/v2/app/manifests/v1'],
  ]) {
    expect((await plainRequest(endpoint, method ?? '', path ?? '', { body: '' })).status).toBe(405);
  }
});

it('asks for passwords, on every path', async () => {
  await using guarded = await startEmbeddedRegistry({ users: { ann: 'secret' } });
  const { endpoint } = guarded;
  const { url } = endpoint;
  for (const path of ['/v2/', '/v2/app/tags/list', '/anything']) {
    const nobody = await plainRequest({ url }, 'GET', path);
    expect([nobody.status, nobody.headers['www-authenticate'], errorCode(nobody)]).toEqual([
      401,
      'Basic realm="imageset registry", charset="UTF-8"',
      'UNAUTHORIZED',
    ]);
  }
  expect((await plainRequest({ ...endpoint, password: 'wrong' }, 'GET', '/v2/')).status).toBe(401);
  expect((await plainRequest(endpoint, 'GET', '/v2/')).status).toBe(200);
});

it('answers 500 without a word about its folders when the content is damaged', async () => {
  const image = await makeImage();
  await pushImage(registry.endpoint, 'app', image, 'v1');
  const hex = image.top.digest.slice(7);
  await writeFile(
    join(registry.storageFolder, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data'),
    '{}',
  );
  const answer = await ask('GET', '/v2/app/manifests/v1');
  expect([answer.status, errorCode(answer)]).toEqual([500, 'UNKNOWN']);
  expect(answer.body.toString()).not.toContain(registry.storageFolder);
});

it('tells of every request that it answered', async () => {
  await ask('GET', '/v2/');
  await ask('GET', '/v2/app/tags/list?n=1');
  expect(await registry.requests()).toEqual([
    { method: 'GET', path: '/v2/', status: 200 },
    { method: 'GET', path: '/v2/app/tags/list?n=1', status: 404 },
  ]);
});

describe('starting', () => {
  it.each(['localhost', '127.0.0.1', '127.1.2.3', '::1'])(
    'takes %s for this machine alone',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(['0.0.0.0', '::', '192.168.1.1', '127.0.0.1.example.com', 'localhost.example.com'])(
    'refuses %s without passwords',
    async (host) => {
      await using folder = await temporaryFolder();
      const store = await openStore(folder.path);
      const starting = serveRegistry({ store, host, port: 0, log: silentLog });
      await expect(starting).rejects.toMatchObject({ code: 'USAGE' });
    },
  );

  it('serves the network when everybody is allowed to', async () => {
    await using folder = await temporaryFolder();
    await using open = await serveRegistry({
      store: await openStore(folder.path),
      host: '0.0.0.0',
      port: 0,
      anonymous: true,
      log: silentLog,
    });
    expect(open.address).toMatch(/^0\.0\.0\.0:\d+$/);
  });

  it('says when the port is taken, or the certificate is none', async () => {
    await using folder = await temporaryFolder();
    const store = await openStore(folder.path);
    const port = Number(registry.host.split(':')[1]);
    await expect(serveRegistry({ store, port, log: silentLog })).rejects.toMatchObject({
      code: 'USAGE',
    });
    const file = join(folder.path, 'nothing.pem');
    await writeFile(file, 'nothing');
    const tls = { certificateFile: file, keyFile: file };
    await expect(serveRegistry({ store, port: 0, tls, log: silentLog })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
    });
  });
});
