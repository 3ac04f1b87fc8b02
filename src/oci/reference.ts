import { ControllerError } from '../base/controller-error.ts';
import { type Digest, isDigest } from './digest.ts';
import type { ManifestReference } from './ends.ts';

/**
 * An image reference as people write it, in the reference tool's grammar (spec, config-and-outputs,
 * section 2) with the quirks that design.md, section 8, settles: no tag and no digest means `latest`, and a
 * port is a port.
 *
 * `registry` and `repository` are where it is pulled from: the full name, `docker.io/library/…` included.
 * `path` is what it is called at a destination, as the reference tool cuts it out of the text.
 */
export type Reference = RegistryReference | LayoutReference;

export interface RegistryReference {
  readonly kind: 'registry';
  /** Host and port, e.g. `quay.io`, `localhost:5000`; `docker.io` for short names. */
  readonly registry: string;
  /** The full repository path there, e.g. `library/nginx`. */
  readonly repository: string;
  /** The path below a destination: all behind the first `/` of the text, or the name where there is none. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** `oci://DIRECTORY`: an OCI layout on disk. It has no tag; its destination path is the directory's. */
export interface LayoutReference {
  readonly kind: 'layout';
  /** As written: relative paths count from where the caller decides. */
  readonly directory: string;
  readonly digest?: Digest;
}

const TRANSPORT = '://';
const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const MAX_NAME = 255;

/** @throws ControllerError REFERENCE_INVALID, with the text and the reason. */
export function parseReference(text: string): Reference {
  const { transport, rest } = splitTransport(text);
  const at = rest.indexOf('@');
  const name = at < 0 ? rest : rest.slice(0, at);
  const digest = at < 0 ? undefined : parseDigest(text, rest.slice(at + 1));
  if (name === '') throw invalid(text, 'the name is empty');
  if (transport === 'oci') {
    return { kind: 'layout', directory: name, ...(digest === undefined ? {} : { digest }) };
  }
  return parseRegistryName(text, name, digest);
}

/** The full reference: `host/repository`, `:tag`, `@digest`; what messages, locks and mirror sets show. */
export function formatReference(reference: Reference): string {
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  if (reference.kind === 'layout') return `oci://${reference.directory}${digest}`;
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** What is asked for at the registry: the digest where there is one, else the tag (spec 3.1: by digest, published under the tag). */
export function manifestReferenceOf(reference: RegistryReference): ManifestReference {
  if (reference.digest !== undefined) return { kind: 'digest', digest: reference.digest };
  return { kind: 'tag', tag: reference.tag ?? 'latest' };
}

/** Whether the text is a repository path, without host, tag and digest (spec 1.5, "Target path grammar"). */
export function isRepositoryPath(text: string): boolean {
  return REPOSITORY.test(text) && text.length <= MAX_NAME;
}

/** Whether the text is a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether the text is a host, with or without port. */
export function isRegistryHost(text: string): boolean {
  return HOST.test(text);
}

function splitTransport(text: string): { transport: 'docker' | 'oci'; rest: string } {
  const parts = text.split(TRANSPORT);
  if (parts.length === 1) return { transport: 'docker', rest: text };
  const [transport, rest] = parts;
  if (parts.length > 2 || rest === undefined) throw invalid(text, 'it has more than one "://"');
  if (transport === 'docker' || transport === 'oci') return { transport, rest };
  throw invalid(
    text,
    `"${transport ?? ''}://" is no transport of images; docker:// and oci:// are`,
  );
}

function parseDigest(text: string, digest: string): Digest {
  const upToSecond = digest.split('@')[0] ?? '';
  if (!isDigest(upToSecond) || upToSecond !== digest) {
    throw invalid(
      text,
      `"${digest}" is no digest (sha256: and 64 hexadecimal digits, in lower case)`,
    );
  }
  return upToSecond;
}

function parseRegistryName(
  text: string,
  name: string,
  digest: Digest | undefined,
): RegistryReference {
  const slash = name.indexOf('/');
  const colon = name.lastIndexOf(':');
  // A colon before the first slash belongs to the host's port; without a slash it starts the tag (spec 2.1.3).
  const hasTag = colon >= 0 && (slash < 0 || colon > slash);
  const bare = hasTag ? name.slice(0, colon) : name;
  const tag = hasTag ? name.slice(colon + 1) : undefined;
  const domain = slash < 0 ? '' : bare.slice(0, slash);
  const path = slash < 0 ? bare : bare.slice(slash + 1);
  if (tag !== undefined && !isTag(tag))
    throw invalid(text, tag === '' ? 'the tag is empty' : `"${tag}" is no tag`);
  if (!isRepositoryPath(path)) throw invalid(text, repositoryProblem(path));
  if (domain !== '' && !HOST.test(domain)) throw invalid(text, `"${domain}" is no host name`);
  const taggedOrLatest = tag ?? (digest === undefined ? 'latest' : undefined);
  return {
    kind: 'registry',
    ...pulledFrom(domain, path),
    path,
    ...(taggedOrLatest === undefined ? {} : { tag: taggedOrLatest }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Where short names are pulled from (spec, transfer-engine, 5.1.1). */
function pulledFrom(domain: string, path: string): { registry: string; repository: string } {
  const isHost =
    domain.includes('.') ||
    domain.includes(':') ||
    domain === 'localhost' ||
    domain.startsWith('[');
  const registry = isHost ? domain : 'docker.io';
  const repository = isHost || domain === '' ? path : `${domain}/${path}`;
  const isHub =
    registry === 'docker.io' ||
    registry === 'index.docker.io' ||
    registry === 'registry-1.docker.io';
  if (!isHub) return { registry, repository };
  return {
    registry: 'docker.io',
    repository: repository.includes('/') ? repository : `library/${repository}`,
  };
}

function repositoryProblem(path: string): string {
  if (path === '') return 'the repository is empty';
  if (path.length > MAX_NAME) return `the repository has more than ${MAX_NAME} characters`;
  if (/[A-Z]/.test(path))
    return `the repository "${path}" has upper-case letters; registries allow lower case only`;
  return `"${path}" is no repository path (lower-case words joined by ".", "_", "__" or "-", with single "/")`;
}

function invalid(text: string, reason: string): ControllerError {
  const shown =
    text === '' ? 'an empty image reference' : `image reference "${text.slice(0, 300)}"`;
  return new ControllerError('REFERENCE_INVALID', `${shown} cannot be read: ${reason}`, {
    remedy: 'wait-for-change',
    hint: 'Write it as HOST/PATH:TAG, HOST/PATH@sha256:DIGEST, HOST/PATH:TAG@sha256:DIGEST or oci://DIRECTORY.',
  });
}
