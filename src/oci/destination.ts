import { ControllerError } from '../base/controller-error.ts';
import { digestTag } from './digest.ts';
import {
  type Reference,
  type RegistryReference,
  isRegistryHost,
  isRepositoryPath,
  isTag,
} from './reference.ts';

/** A destination registry, `docker://HOST[:PORT][/NAMESPACE]`: everything a mirror holds is below it (spec, config-and-outputs, section 0, DEST). */
export interface Destination {
  /** Host and port, e.g. `registry.example.com:5000`. */
  readonly host: string;
  /** The namespace path, without slashes at its ends; '' where there is none. */
  readonly namespace: string;
  /** 0: any depth (spec, config-and-outputs, 3.5). */
  readonly maxNestedPaths: number;
}

/** A place at a registry: what one image fills. Two places are one if all three are equal. */
export interface Place {
  readonly host: string;
  /** The full repository path at the host, namespace included. */
  readonly repository: string;
  readonly tag: string;
}

/**
 * @param text `docker://HOST/PATH` or `HOST/PATH`.
 * @throws ControllerError USAGE
 */
export function parseDestination(text: string, maxNestedPaths = 0): Destination {
  const bare = text.startsWith('docker://') ? text.slice('docker://'.length) : text;
  const scheme = /^[A-Za-z][\w+.-]*:\/\//.exec(bare)?.[0];
  if (scheme !== undefined) throw invalid(text, `"${scheme}" is not docker://`);
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  const namespace = slash < 0 ? '' : bare.slice(slash + 1);
  const isHost = isRegistryHost(host) && (/[.:]/.test(host) || host === 'localhost');
  if (!isHost)
    throw invalid(text, `"${host}" is no host name (it needs a ".", a port, or to be localhost)`);
  if (slash >= 0 && !isRepositoryPath(namespace)) {
    throw invalid(
      text,
      `"${namespace}" is no path of a repository (lower case, no tag, no digest, no "/" at its end)`,
    );
  }
  return { host, namespace, maxNestedPaths: Math.max(0, maxNestedPaths) };
}

/** The destination without transport, as locks, resources and messages show it. */
export function formatDestination({ host, namespace }: Destination): string {
  return namespace === '' ? host : `${host}/${namespace}`;
}

/**
 * Where an additional image goes (spec, config-and-outputs, 3.1, with design.md section 8).
 * @throws ControllerError REFERENCE_INVALID for a target that is no path or no tag.
 */
export function placeAdditionalImage(
  reference: Reference,
  target: { readonly targetRepo?: string | undefined; readonly targetTag?: string | undefined },
  destination: Destination,
): Place {
  const path = target.targetRepo ?? ownPath(reference);
  if (target.targetRepo === undefined && !isRepositoryPath(path)) throw noPath(path, 'targetRepo');
  if (!isRepositoryPath(path)) throw badTarget('targetRepo', path, PATH_RULE);
  const tag = target.targetTag ?? ownTag(reference);
  if (!isTag(tag)) throw badTarget('targetTag', tag, TAG_RULE);
  return placeBelow(destination, path, tag);
}

/** Where a bundle or related image goes: under its tag, else under its digest tag (spec, operator-catalogs, 4.5). */
export function placeOperatorImage(reference: RegistryReference, destination: Destination): Place {
  return placeBelow(destination, reference.path, ownTag(reference));
}

/**
 * Where an operator catalog goes (spec, operator-catalogs, 5.4).
 * @param digestOnlyTag its tag where the reference has a digest alone and no `targetTag` is given: `digestTag` of
 *   the source or of the catalog as built, which is the caller's policy.
 * @throws ControllerError REFERENCE_INVALID for a target that is no path or no tag.
 */
export function placeCatalog(
  reference: Reference,
  target: { readonly targetCatalog?: string | undefined; readonly targetTag?: string | undefined },
  digestOnlyTag: string,
  destination: Destination,
): Place {
  const path = target.targetCatalog ?? catalogPath(reference);
  if (!isRepositoryPath(path)) {
    if (target.targetCatalog === undefined) throw noPath(path, 'targetCatalog');
    throw badTarget('targetCatalog', path, PATH_RULE);
  }
  const isDigestOnly =
    reference.kind === 'registry' && reference.tag === undefined && reference.digest !== undefined;
  const tag = target.targetTag ?? (isDigestOnly ? digestOnlyTag : ownTag(reference));
  if (!isTag(tag)) throw badTarget('targetTag', tag, TAG_RULE);
  return placeBelow(destination, path, tag);
}

/** The place of a path and tag below a destination, nested paths folded (spec, config-and-outputs, 3.5). */
export function placeBelow(destination: Destination, path: string, tag: string): Place {
  const { host, namespace, maxNestedPaths } = destination;
  const full = namespace === '' ? path : `${namespace}/${path}`;
  return { host, repository: foldPath(full, maxNestedPaths), tag };
}

/** Keeps the first N-1 segments and joins the rest with `-` into the N-th; N of 0 or less changes nothing (spec 3.5). */
export function foldPath(path: string, maxNestedPaths: number): string {
  const segments = path.split('/');
  if (maxNestedPaths <= 0 || segments.length <= maxNestedPaths) return path;
  const kept = segments.slice(0, maxNestedPaths - 1);
  return [...kept, segments.slice(maxNestedPaths - 1).join('-')].join('/');
}

/** `host/repository:tag`. */
export function formatPlace({ host, repository, tag }: Place): string {
  return `${host}/${repository}:${tag}`;
}

/**
 * A place as the lock writes it: below the destination's namespace, or with a leading `/` where folded paths
 * left it (`reg/a/b` with two levels puts images in `a/b-…`, which is not below `a/b`).
 */
export function relativePlace(place: Place, destination: Destination): string {
  const { namespace } = destination;
  const text = `${place.repository}:${place.tag}`;
  if (namespace === '') return text;
  return text.startsWith(`${namespace}/`) ? text.slice(namespace.length + 1) : `/${text}`;
}

/** Undoes `relativePlace`. Returns undefined for text that is no place. */
export function absolutePlace(
  text: string,
  destination: Pick<Destination, 'host' | 'namespace'>,
): Place | undefined {
  const colon = text.lastIndexOf(':');
  if (colon <= 0) return undefined;
  const written = text.slice(0, colon);
  const tag = text.slice(colon + 1);
  const { host, namespace } = destination;
  const repository = written.startsWith('/')
    ? written.slice(1)
    : namespace === ''
      ? written
      : `${namespace}/${written}`;
  return isRepositoryPath(repository) && isTag(tag) ? { host, repository, tag } : undefined;
}

function ownPath(reference: Reference): string {
  if (reference.kind === 'registry') return reference.path;
  return reference.directory.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
}

/** Of a layout only the last folder, other than for additional images. */
function catalogPath(reference: Reference): string {
  if (reference.kind === 'registry') return reference.path;
  const folders = reference.directory.replace(/\/+$/, '');
  return folders.slice(folders.lastIndexOf('/') + 1);
}

function ownTag(reference: Reference): string {
  if (reference.kind === 'layout') return 'latest';
  if (reference.tag !== undefined) return reference.tag;
  // Tags have at most 128 characters; cut like this a SHA-512 is one (spec, config-and-outputs, 3.1, helm).
  return reference.digest === undefined ? 'latest' : digestTag(reference.digest).slice(0, 127);
}

const PATH_RULE = 'a path of lower-case words, without host, tag and digest';
const TAG_RULE =
  'at most 128 letters, digits, "_", "." and "-", and does not start with "." or "-"';

function noPath(path: string, field: string): ControllerError {
  const message = `"${path}" cannot be the path of a repository at the destination`;
  return new ControllerError('REFERENCE_INVALID', message, {
    remedy: 'wait-for-change',
    hint: `Give the entry a ${field} of lower-case words, e.g. team/app.`,
  });
}

function badTarget(field: string, value: string, rule: string): ControllerError {
  return new ControllerError('REFERENCE_INVALID', `invalid ${field} "${value}": it is ${rule}`, {
    remedy: 'wait-for-change',
    hint: `Change ${field}, or leave it out to keep the name of the source.`,
  });
}

function invalid(text: string, reason: string): ControllerError {
  return new ControllerError('USAGE', `destination "${text}" cannot be read: ${reason}`, {
    remedy: 'wait-for-change',
    hint: 'Write it as docker://HOST[:PORT][/PATH].',
  });
}
