/** OpenShift, or its community distribution: each has an update service and a signature store of its own. */
export type ReleaseType = 'ocp' | 'okd';

/** What an update service knows of one channel on one architecture (spec, releases-helm, 1.3). */
export interface UpdateGraph {
  readonly nodes: readonly ReleaseNode[];
  /** Recommended updates: indexes into `nodes`, from and to. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  readonly conditionalEdges: readonly ConditionalEdge[];
}

export interface ReleaseNode {
  /** Strict SemVer 2. */
  readonly version: string;
  /** A reference, nearly always by digest. */
  readonly payload: string;
  /** Of the metadata: the channels that have it; empty where nothing is said. */
  readonly channels: readonly string[];
}

/** An update that is recommended only to clusters without the risk. */
export interface ConditionalEdge {
  readonly from: string;
  readonly to: string;
  /** Names of the risks. */
  readonly risks: readonly string[];
}

export interface GraphQuestion {
  readonly type: ReleaseType;
  /** In Go's naming, or `multi`. */
  readonly architecture: string;
  readonly channel: string;
}

/** Where graphs come from. One question is asked once in the life of a source. */
export interface GraphSource {
  /** @throws ControllerError DOWNLOAD_FAILED, UPDATE_GRAPH_INVALID */
  read(question: GraphQuestion, signal: AbortSignal): Promise<UpdateGraph>;
}
