import type { FieldProblem } from '../../base/field-problem.ts';
import type { BlockedBy } from '../../imageset/compile-blocked-images.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import type { Platform } from '../../oci/descriptor.ts';
import type { ChannelRequest } from '../../release/graph/release-selection.ts';

/** What one document asks for under `platform`. */
export interface PlatformRequest {
  /** Graph passes, in Go's naming or `multi` (spec, releases-helm, 1.8). */
  readonly architectures: readonly string[];
  /** Only these instances of payloads and components; absent: all. */
  readonly platforms?: readonly Platform[];
  /** Empty where `pinned` is there. */
  readonly channels: readonly RequestedChannel[];
  /** `platform.release`. */
  readonly pinned?: { readonly name: string; readonly entry: WantingEntry };
  /** Architectures whose KubeVirt boot image is wanted too (spec, releases-helm, 2.5). */
  readonly bootImages?: readonly string[];
  /** `platform.graph`, where it is true. */
  readonly graph?: WantingEntry;
  /** Of `platform` itself. */
  readonly entry: WantingEntry;
  /** The pattern of the document that blocks a reference. */
  readonly blockedBy: BlockedBy;
  /** What is odd in the request itself. */
  readonly warnings: readonly FieldProblem[];
}

export interface RequestedChannel extends ChannelRequest {
  readonly entry: WantingEntry;
}
