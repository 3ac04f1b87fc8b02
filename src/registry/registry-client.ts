import type { Destination, Place } from '../oci/destination.ts';
import type { ImageSource, ImageTarget } from '../oci/ends.ts';
import type { RegistryReference } from '../oci/reference.ts';

/** One end of a mirror: reads from or writes to any registry. Made by `createRegistryClient`. */
export interface RegistryClient extends AsyncDisposable {
  /**
   * A repository to read from, mirrors of registries.conf included: the first endpoint that delivers the
   * manifest serves the whole image (spec, transfer-engine, 6.3). Asks nothing by itself.
   */
  source(reference: RegistryReference): ImageSource;
  /** A repository to write to; never rewritten. Asks nothing by itself. */
  target(place: Pick<Place, 'host' | 'repository'>): ImageTarget;
  /**
   * All tags of a repository that is read from, sorted; empty where there is no such repository. Its mirrors are not
   * asked: they need not have all of it.
   */
  listTags(
    reference: Pick<RegistryReference, 'registry' | 'repository'>,
    signal: AbortSignal,
  ): Promise<string[]>;
  /** Whether the credentials for the destination are accepted: `GET /v2/` (spec, transfer-engine, 1.3.12). @throws ControllerError */
  checkAccess(destination: Destination, signal: AbortSignal): Promise<void>;
  /** Opens and cancels one upload in the repository, and says what is known (issue 3, preflight). @throws ControllerError when pushing is refused. */
  preflightPush(
    place: Pick<Place, 'host' | 'repository'>,
    signal: AbortSignal,
  ): Promise<PushAccess>;
  /** How each source repository that was read so far was reached. */
  readonly sourceAccess: () => readonly SourceAccess[];
  /** Requests sent so far, by host. */
  readonly requestsByHost: ReadonlyMap<string, number>;
}

export interface PushAccess {
  readonly host: string;
  readonly repository: string;
  /** Where the credential came from, or `anonymous`. */
  readonly credential: string;
  readonly mayDelete: 'yes' | 'no' | 'unknown';
}

export interface SourceAccess {
  readonly host: string;
  readonly credential: string;
}
