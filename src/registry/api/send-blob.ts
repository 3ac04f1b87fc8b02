import { ControllerError } from '../../base/controller-error.ts';
import { formatBytes } from '../../base/format-bytes.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest } from '../../oci/digest.ts';
import type { RegistryResponse } from '../registry-transport.ts';
import { partsOf } from './parts-of.ts';
import type { Repository, RepositoryRequest } from './repository.ts';
import { withDigest } from './upload-location.ts';
import { type UploadSession, nextLocation } from './upload-session.ts';

/**
 * Up to this size a blob goes with the PUT that completes its upload, which saves a request; above, the PUT
 * would cost docker-registry 1.6 times the CPU of PATCH and an empty PUT.
 */
const SINGLE_PUT_BYTES = 1024 * 1024;
/** The parts to begin with where a host refuses whole bodies, and the smallest to try. */
const FIRST_CHUNK_BYTES = 4 * 1024 * 1024;
const LEAST_CHUNK_BYTES = 256 * 1024;
const OCTETS = { 'content-type': 'application/octet-stream' };
/** What a host answers that forgot the session, or lost count of its bytes. */
const FORGOTTEN = [404, 416];

/**
 * Sends a blob into an open upload and completes it (spec, transfer-engine, 5.9).
 * @throws ControllerError REGISTRY_BROKEN (begin again), DIGEST_MISMATCH, and what `content` throws.
 */
export async function sendBlob(
  repository: Repository,
  blob: Descriptor,
  session: UploadSession,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const upload = { repository, blob, session, signal };
  if (blob.size <= SINGLE_PUT_BYTES) await complete(upload, await collect(upload, content));
  else if (repository.facts.chunkBytes === undefined) await sendWhole(upload, content);
  else await sendInParts(upload, content);
}

interface Upload {
  readonly repository: Repository;
  readonly blob: Descriptor;
  readonly session: UploadSession;
  readonly signal: AbortSignal;
}

async function sendWhole(upload: Upload, content: AsyncIterable<Uint8Array>): Promise<void> {
  const { repository, blob, session } = upload;
  const headers = { ...OCTETS, 'content-length': String(blob.size) };
  const status = await send(
    upload,
    { method: 'PATCH', url: session.location, headers, body: content, isLarge: true },
    [201, 202, 204, 413],
  );
  if (status === 413) {
    repository.facts.chunkBytes = Math.max(FIRST_CHUNK_BYTES, session.minimumChunkBytes);
    throw new ControllerError(
      'REGISTRY_BROKEN',
      `${repository.host} refuses bodies of ${formatBytes(blob.size)} (413); blob ${blob.digest} goes in parts at the next attempt`,
      {
        remedy: 'retry-later',
        hint: `A proxy before ${repository.host} may limit bodies (nginx: client_max_body_size 0).`,
      },
    );
  }
  await complete(upload, new Uint8Array());
}

/** Parts with `Content-Range`; a part that is too large is cut and sent again (spec, transfer-engine, 5.9.3). */
async function sendInParts(upload: Upload, content: AsyncIterable<Uint8Array>): Promise<void> {
  const { repository, session } = upload;
  const { facts } = repository;
  const size = Math.max(facts.chunkBytes ?? FIRST_CHUNK_BYTES, session.minimumChunkBytes);
  let start = 0;
  for await (const part of partsOf(content, size)) {
    let rest = part;
    while (rest.byteLength > 0) {
      const piece = rest.subarray(0, facts.chunkBytes ?? size);
      const isTaken = await sendPart(upload, piece, start);
      if (!isTaken) {
        facts.chunkBytes = smallerChunk(upload, piece.byteLength);
        continue;
      }
      start += piece.byteLength;
      rest = rest.subarray(piece.byteLength);
    }
  }
  await complete(upload, new Uint8Array());
}

async function sendPart(upload: Upload, piece: Uint8Array, start: number): Promise<boolean> {
  const headers = { ...OCTETS, 'content-range': `${start}-${start + piece.byteLength - 1}` };
  const { location } = upload.session;
  const status = await send(
    upload,
    { method: 'PATCH', url: location, headers, body: piece },
    [201, 202, 204, 413],
  );
  return status !== 413;
}

function smallerChunk({ repository, session }: Upload, refused: number): number {
  const next = Math.floor(refused / 4);
  if (next >= Math.max(LEAST_CHUNK_BYTES, session.minimumChunkBytes)) return next;
  throw new ControllerError(
    'REGISTRY_REFUSED',
    `${repository.host} refuses even ${formatBytes(refused)} in one request (413)`,
    {
      remedy: 'wait-for-change',
      hint: `Raise the limit of bodies at ${repository.host} or at the proxy before it (nginx: client_max_body_size 0).`,
    },
  );
}

async function complete(upload: Upload, body: Uint8Array): Promise<void> {
  const url = withDigest(upload.session.location, upload.blob.digest);
  await send(upload, { method: 'PUT', url, headers: OCTETS, body }, [200, 201, 204]);
}

/** Sends one request of the upload, and keeps the place where it goes on. */
async function send(
  upload: Upload,
  request: Pick<RepositoryRequest, 'method' | 'url' | 'headers' | 'body' | 'isLarge'>,
  expect: readonly number[],
): Promise<number> {
  const { repository, blob, session, signal } = upload;
  const doing = `writing blob ${blob.digest} to ${repository.name}`;
  await using response = await repository.send(
    { ...request, access: 'push', expect: [...expect, ...FORGOTTEN], doing },
    signal,
  );
  if (FORGOTTEN.includes(response.status)) throw forgotten(upload, response.status);
  if (request.method === 'PUT') refuseOtherDigest(upload, response);
  else if (response.status < 300 && response.header('location') !== undefined)
    session.location = nextLocation(repository, response);
  return response.status;
}

function refuseOtherDigest({ repository, blob }: Upload, response: RegistryResponse): void {
  const told = response.header('docker-content-digest');
  if (told === undefined || !isDigest(told) || told === blob.digest) return;
  // A registry may well compute another algorithm; only the same one can disagree.
  if (told.split(':')[0] !== blob.digest.split(':')[0]) return;
  throw new ControllerError(
    'DIGEST_MISMATCH',
    `${repository.name} stored blob ${blob.digest} as ${told}`,
    {
      remedy: 'retry-later',
      hint: 'The registry or something on the way changed the content.',
    },
  );
}

function forgotten({ repository, blob }: Upload, status: number): ControllerError {
  return new ControllerError(
    'REGISTRY_BROKEN',
    `${repository.host} forgot the upload of blob ${blob.digest} to ${repository.name} (${status})`,
    {
      remedy: 'retry-later',
      hint: 'The upload begins again. If it happens often: several instances of a registry need shared storage and one http.secret.',
    },
  );
}

/** A small blob, whole. */
async function collect({ blob }: Upload, content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of content) {
    received += chunk.byteLength;
    if (received > blob.size) break;
    chunks.push(chunk);
  }
  if (received === blob.size) return Buffer.concat(chunks);
  throw new ControllerError(
    'BLOB_CORRUPT',
    `blob ${blob.digest} has ${received > blob.size ? 'more' : 'fewer'} than ${blob.size} bytes`,
    { remedy: 'retry-later', hint: 'The source or something on the way changed the content.' },
  );
}
