import { randomUUID } from 'node:crypto';
import { ControllerError } from '../../base/controller-error.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { isRepositoryPath } from '../../oci/reference.ts';
import type { BlobWriter } from '../blob-writer.ts';
import type { Store } from '../open-store.ts';
import { type Asked, type Reply, failure } from './reply.ts';

/** The uploads in progress; they end with the process. */
export interface Uploads {
  /** `POST`: mounts a blob, takes a whole one (`?digest=`), or begins an upload. */
  begin(repository: string, asked: Asked): Promise<Reply>;
  /** `PATCH`: adds to an upload. */
  append(repository: string, id: string, asked: Asked): Promise<Reply>;
  /** `PUT ?digest=`: adds what is left, verifies and ends the upload. */
  finish(repository: string, id: string, asked: Asked): Promise<Reply>;
  /** `GET`: how far an upload is. */
  status(repository: string, id: string): Reply;
  /** `DELETE` */
  cancel(repository: string, id: string): Promise<Reply>;
  /** Gives up all of them. */
  close(): Promise<void>;
}

interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly writer: BlobWriter;
  isBusy: boolean;
  touchedMs: number;
}

const MAX_UPLOADS = 1000;
const IDLE_MS = 60 * 60 * 1000;
const CONTENT_RANGE = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/;

export function createUploads(store: Store): Uploads {
  const uploads = new Map<string, Upload>();

  async function forgetIdle(): Promise<void> {
    const idle = [...uploads.values()].filter(
      ({ isBusy, touchedMs }) => !isBusy && Date.now() - touchedMs > IDLE_MS,
    );
    for (const upload of idle) uploads.delete(upload.id);
    await Promise.all(idle.map(({ writer }) => writer.abort()));
  }

  /** The upload, taken for one request; a second one at the same time is refused. */
  async function withUpload(
    repository: string,
    id: string,
    work: (upload: Upload) => Promise<Reply>,
  ): Promise<Reply> {
    const upload = uploads.get(id);
    if (upload?.repository !== repository) return unknownUpload();
    if (upload.isBusy)
      return failure(400, 'BLOB_UPLOAD_INVALID', 'another request is writing to this upload');
    upload.isBusy = true;
    try {
      return await work(upload);
    } finally {
      upload.isBusy = false;
      upload.touchedMs = Date.now();
    }
  }

  async function mount(repository: string, asked: Asked): Promise<Reply | undefined> {
    const digest = asked.query.get('mount') ?? '';
    const from = asked.query.get('from') ?? repository;
    if (!isDigest(digest) || !isRepositoryPath(from)) return undefined;
    const blob = await store.repository(from).findBlob(digest);
    if (blob === undefined) return undefined;
    await store.repository(repository).linkBlob(digest, blob.stored);
    return created(repository, digest);
  }

  async function finishWriter(
    repository: string,
    writer: BlobWriter,
    digest: Digest,
  ): Promise<Reply> {
    try {
      const stored = await writer.finish(digest);
      await store.repository(repository).linkBlob(digest, stored);
      return created(repository, digest);
    } catch (error) {
      if (!(error instanceof ControllerError) || error.code !== 'BLOB_CORRUPT') throw error;
      return failure(400, 'DIGEST_INVALID', error.message);
    }
  }

  async function takeWhole(repository: string, digest: Digest, asked: Asked): Promise<Reply> {
    const writer = await store.openBlobWriter();
    try {
      await writer.append(asked.body(), asked.signal);
    } catch (error) {
      await writer.abort();
      throw error;
    }
    return finishWriter(repository, writer, digest);
  }

  return {
    async begin(repository, asked) {
      const mounted = asked.query.has('mount') ? await mount(repository, asked) : undefined;
      if (mounted !== undefined) return mounted;
      const digest = asked.query.get('digest');
      if (digest !== null)
        return isDigest(digest) ? takeWhole(repository, digest, asked) : badDigest();
      await forgetIdle();
      if (uploads.size >= MAX_UPLOADS)
        return failure(429, 'TOOMANYREQUESTS', 'too many uploads are in progress');
      const writer = await store.openBlobWriter();
      const upload = { id: randomUUID(), repository, writer, isBusy: false, touchedMs: Date.now() };
      uploads.set(upload.id, upload);
      return progress(202, upload);
    },
    append: (repository, id, asked) =>
      withUpload(repository, id, async (upload) => {
        const refused = checkContentRange(upload, asked);
        if (refused !== undefined) return refused;
        await upload.writer.append(asked.body(), asked.signal);
        return progress(202, upload);
      }),
    finish: (repository, id, asked) =>
      withUpload(repository, id, async (upload) => {
        const digest = asked.query.get('digest') ?? '';
        if (!isDigest(digest)) return badDigest();
        const refused = checkContentRange(upload, asked);
        if (refused !== undefined) return refused;
        await upload.writer.append(asked.body(), asked.signal);
        uploads.delete(id);
        return finishWriter(repository, upload.writer, digest);
      }),
    status(repository, id) {
      const upload = uploads.get(id);
      return upload?.repository === repository ? progress(204, upload) : unknownUpload();
    },
    cancel: (repository, id) =>
      withUpload(repository, id, async ({ writer }) => {
        uploads.delete(id);
        await writer.abort();
        return { status: 204 };
      }),
    async close() {
      const all = [...uploads.values()];
      uploads.clear();
      await Promise.all(all.map(({ writer }) => writer.abort()));
    },
  };
}

/** A chunk that says where it starts must start where the last one ended (OCI distribution-spec, "Pushing a blob in chunks"). */
function checkContentRange(upload: Upload, asked: Asked): Reply | undefined {
  const header = asked.headers['content-range'];
  if (header === undefined) return undefined;
  const [, start, end] = CONTENT_RANGE.exec(header) ?? [];
  if (start === undefined || end === undefined)
    return failure(400, 'BLOB_UPLOAD_INVALID', 'Content-Range is not START-END');
  if (Number(start) !== upload.writer.size) {
    return failure(416, 'RANGE_INVALID', `the next byte is ${upload.writer.size}`, {
      headers: progressHeaders(upload),
    });
  }
  const length = asked.headers['content-length'];
  if (length === undefined || Number(length) === Number(end) - Number(start) + 1) return undefined;
  return failure(
    400,
    'BLOB_UPLOAD_INVALID',
    'Content-Range and Content-Length contradict each other',
  );
}

function progress(status: 202 | 204, upload: Upload): Reply {
  const length = status === 204 ? {} : { 'content-length': 0 };
  return { status, headers: { ...progressHeaders(upload), ...length } };
}

function progressHeaders({ id, repository, writer }: Upload): Record<string, string> {
  return {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, writer.size - 1)}`,
    'docker-upload-uuid': id,
  };
}

function created(repository: string, digest: Digest): Reply {
  const location = `/v2/${repository}/blobs/${digest}`;
  return {
    status: 201,
    headers: { location, 'docker-content-digest': digest, 'content-length': 0 },
  };
}

function unknownUpload(): Reply {
  return failure(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload');
}

function badDigest(): Reply {
  return failure(400, 'DIGEST_INVALID', 'the digest is not valid');
}
