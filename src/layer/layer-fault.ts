/** Why a layer is refused. Who reads it adds the image and the layer, and what to do. */
export class LayerFault extends Error {
  /** It may be the transfer that broke it: its digest tells. */
  readonly mayBeTransfer: boolean;

  constructor(message: string, options: { cause?: unknown; mayBeTransfer?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LayerFault';
    this.mayBeTransfer = options.mayBeTransfer ?? false;
  }
}
