import { join } from 'node:path';
import { ControllerError } from '../base/controller-error.ts';
import { type Digest, algorithmOf, hexOf } from '../oci/digest.ts';
import { isRepositoryPath, isTag } from '../oci/reference.ts';

/**
 * Where things are below a store's folder (spec, transfer-engine, 2.3): the layout of the distribution
 * registry. Every name is checked here, so no path leaves the folder whatever a client or an archive says.
 */

/** The folder of blobs, below the store's. */
export function blobsFolder(store: string): string {
  return join(store, 'docker/registry/v2/blobs');
}

/** The folder that holds one folder per repository, below the store's. */
export function repositoriesFolder(store: string): string {
  return join(store, 'docker/registry/v2/repositories');
}

/**
 * Our own unfinished writes. Outside `docker/`, since archives take all of `repositories`, and on the same file
 * system, since finished files are renamed into place.
 */
export function unfinishedFolder(store: string): string {
  return join(store, '.imageset', 'unfinished');
}

export function blobFile(store: string, digest: Digest): string {
  const hex = hexOf(digest);
  return join(blobsFolder(store), algorithmOf(digest), hex.slice(0, 2), hex, 'data');
}

/** @throws ControllerError REFERENCE_INVALID */
export function repositoryFolder(store: string, repository: string): string {
  if (!isRepositoryPath(repository)) throw invalidName('repository', repository);
  return join(repositoriesFolder(store), repository);
}

export function layerLink(repository: string, digest: Digest): string {
  return join(repository, '_layers', algorithmOf(digest), hexOf(digest), 'link');
}

/** The folder whose entries are the hexadecimal parts of the manifests' digests. */
export function revisionsFolder(repository: string): string {
  return join(repository, '_manifests', 'revisions', 'sha256');
}

export function revisionLink(repository: string, digest: Digest): string {
  return join(repository, '_manifests', 'revisions', algorithmOf(digest), hexOf(digest), 'link');
}

export function tagsFolder(repository: string): string {
  return join(repository, '_manifests', 'tags');
}

/** @throws ControllerError REFERENCE_INVALID */
export function tagFolder(repository: string, tag: string): string {
  if (!isTag(tag)) throw invalidName('tag', tag);
  return join(tagsFolder(repository), tag);
}

/** @throws ControllerError REFERENCE_INVALID */
export function currentLink(repository: string, tag: string): string {
  return join(tagFolder(repository, tag), 'current', 'link');
}

/** @throws ControllerError REFERENCE_INVALID */
export function tagIndexLink(repository: string, tag: string, digest: Digest): string {
  return join(tagFolder(repository, tag), 'index', algorithmOf(digest), hexOf(digest), 'link');
}

function invalidName(what: 'repository' | 'tag', name: string): ControllerError {
  return new ControllerError('REFERENCE_INVALID', `"${name.slice(0, 300)}" is no ${what}`, {
    remedy: 'wait-for-change',
    hint:
      what === 'tag'
        ? 'A tag has at most 128 letters, digits, "_", "." and "-", and does not start with "." or "-".'
        : 'A repository is a path of lower-case words joined by ".", "_", "__" or "-".',
  });
}
