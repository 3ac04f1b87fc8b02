import { ControllerError } from '../../base/controller-error.ts';
import type { Digest } from '../../oci/digest.ts';

/** Why the content of a payload cannot be used. `readPayload` adds which payload it is. */
export class PayloadFault extends Error {
  readonly hint: string | undefined;

  constructor(message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PayloadFault';
    this.hint = options.hint;
  }
}

export function payloadInvalid(name: string, digest: Digest, fault: PayloadFault): ControllerError {
  const payload = name.includes(digest) ? name : `${name} (${digest})`;
  return new ControllerError('PAYLOAD_INVALID', `${payload}: ${fault.message}`, {
    remedy: 'wait-for-change',
    hint: fault.hint ?? 'The release is broken: tell who builds it, and choose another one.',
    cause: fault,
  });
}

/** A text of a payload as messages show it. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
