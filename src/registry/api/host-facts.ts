/**
 * What a host was seen to do, so that each host is asked once and not once per image. Filled in by the
 * calls of this folder; `undefined`: not known yet. Lives as long as the client.
 */
export interface HostFacts {
  /** Whether it has the referrers API. */
  hasReferrersApi: boolean | undefined;
  /** Whether a mount from the image's own repository answers 201 for a blob that is there. */
  mountTellsPresence: boolean | undefined;
  /** How many blobs that were there such a mount did not find, while that is not known. */
  mountMisses: number;
  /** Whether it deletes a tag without its manifest. */
  deletesTags: boolean | undefined;
  /** How large the parts of an upload may be; undefined: whole bodies were never refused. */
  chunkBytes: number | undefined;
}

/** @returns A function that gives every host its facts, the same object each time. */
export function createHostFacts(): (host: string) => HostFacts {
  const factsByHost = new Map<string, HostFacts>();
  return (host) => {
    let facts = factsByHost.get(host);
    if (facts === undefined) {
      facts = {
        hasReferrersApi: undefined,
        mountTellsPresence: undefined,
        mountMisses: 0,
        deletesTags: undefined,
        chunkBytes: undefined,
      };
      factsByHost.set(host, facts);
    }
    return facts;
  };
}
