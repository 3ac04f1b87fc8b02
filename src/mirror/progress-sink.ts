import type { ControllerError } from '../base/controller-error.ts';

/** What happens in a pass, for people who watch it. Bytes are those of blobs. */
export type ProgressEvent =
  | { readonly kind: 'pass-started'; readonly images: number; readonly bytes: number | undefined }
  | { readonly kind: 'image-started'; readonly image: string }
  /** The image's manifests are read: so many bytes in distinct blobs have to be at the destination. */
  | { readonly kind: 'image-read'; readonly image: string; readonly bytes: number }
  /** Bytes on their way; negative where a transfer broke and starts again. */
  | { readonly kind: 'bytes-sent'; readonly image: string; readonly bytes: number }
  /** Bytes that did not have to be sent: mounted, or there already. */
  | { readonly kind: 'bytes-spared'; readonly image: string; readonly bytes: number }
  | {
      readonly kind: 'image-finished';
      readonly image: string;
      readonly status: 'copied' | 'present';
    }
  | { readonly kind: 'image-failed'; readonly image: string; readonly error: ControllerError }
  /** Not copied for another reason: what it requires failed, or the pass was stopped. */
  | { readonly kind: 'image-left'; readonly image: string }
  | { readonly kind: 'pass-finished' };

/** Takes what happens; must be quick and must not throw. */
export interface ProgressSink {
  report(event: ProgressEvent): void;
}

/** Tells nobody. */
export const silentProgress: ProgressSink = { report: () => undefined };
