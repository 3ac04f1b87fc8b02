import {
  ControllerError,
  type ControllerErrorOptions,
  type ErrorCode,
} from '../../base/controller-error.ts';

export interface HttpFailureOptions extends ControllerErrorOptions {
  /** Whether the same request, sent again soon, can succeed (spec, transfer-engine, 4.3 and 5.10). */
  readonly again: boolean;
  /** How long the server asked to wait before the next attempt, milliseconds. */
  readonly waitMs?: number | undefined;
}

/**
 * A failed exchange, as the parts of the transport tell it to each other. It never leaves the transport:
 * `request` turns it into a ControllerError that says what was being done.
 */
export class HttpFailure extends ControllerError {
  readonly again: boolean;
  readonly waitMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: HttpFailureOptions) {
    super(code, message, options);
    this.again = options.again;
    this.waitMs = options.waitMs;
  }
}
