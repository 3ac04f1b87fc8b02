import type { ControllerError } from '../../base/controller-error.ts';
import type { ReleaseType } from './update-graph.ts';

/** A channel as an image set asks for it (spec, releases-helm, 1.5). */
export interface ChannelRequest {
  readonly name: string;
  readonly type: ReleaseType;
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
  readonly full: boolean;
  readonly shortestPath: boolean;
  /** Conditional updates count too. */
  readonly allowNotRecommended: boolean;
}

export interface SelectedRelease {
  readonly version: string;
  /** As the graph names it. */
  readonly payload: string;
  readonly type: ReleaseType;
  /** Of the requested channels, those that chose it: of the way across channels, the two ends. Sorted. */
  readonly channels: readonly string[];
}

/** What the channels of one image set choose on one architecture. */
export interface ReleaseSelection {
  /** Sorted by type and version, each payload once. */
  readonly releases: readonly SelectedRelease[];
  /** Channels that could not be resolved; the others were. */
  readonly failures: readonly ChannelFailure[];
  /** What is odd: no way across channels, updates that are recommended only under conditions. */
  readonly warnings: readonly ChannelWarning[];
}

export interface ChannelFailure {
  /** Requested channels; the way across channels has two. */
  readonly channels: readonly string[];
  readonly error: ControllerError;
}

export interface ChannelWarning {
  readonly channels: readonly string[];
  readonly message: string;
  readonly hint?: string;
}
