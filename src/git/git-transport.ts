/** Moves objects and refs between a remote repository and the bare one: by the git program, or over HTTP. */
export interface GitTransport {
  /** One look-up of full ref names; those that the remote does not have are missing in the answer. */
  listRefs(refs: readonly string[], signal: AbortSignal): Promise<Map<string, string>>;
  /**
   * Fetches a full ref or a commit, its latest state only (`shallow`) or with all history, follows
   * whatever is there now, and returns the object id (of a tag: of the tag object).
   */
  fetch(source: string, options: FetchOptions, signal: AbortSignal): Promise<string>;
  /** Fetches the whole history of every branch and tag, for a commit that no server hands out by its id. */
  fetchEverything(signal: AbortSignal): Promise<void>;
  /**
   * Sets a branch to a commit if it still is at `expectedOld` (undefined: if it does not exist); else
   * `rejected`. Throws `GIT_REJECTED` where the server refuses for a reason of its own.
   */
  push(push: Push, signal: AbortSignal): Promise<'pushed' | 'rejected'>;
}

export interface FetchOptions {
  readonly shallow: boolean;
}

export interface Push {
  /** Full name: `refs/heads/…`. */
  readonly ref: string;
  readonly commit: string;
  readonly expectedOld: string | undefined;
}
