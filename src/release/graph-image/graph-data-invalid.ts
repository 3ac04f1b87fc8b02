import { ControllerError } from '../../base/controller-error.ts';
import { LayerFault } from '../../layer/layer-fault.ts';

/** What is wrong with a tarball becomes GRAPH_DATA_INVALID; other errors stay what they are. `where`: for the message. */
export function graphDataFailure(error: unknown, where: string): unknown {
  if (!(error instanceof LayerFault)) return error;
  return new ControllerError(
    'GRAPH_DATA_INVALID',
    `the graph data of ${where} cannot be used: ${error.message}`,
    {
      remedy: 'retry-later',
      hint: 'Look at what the URL answers with: it has to be the tarball that update services are fed with, a gzip tar with "version" and "channels/".',
      cause: error,
    },
  );
}
