import type { Log } from '../base/log.ts';
import { loadRegistriesConf } from '../registry/conf/load-registries-conf.ts';
import { createTransport } from '../registry/connect-transport.ts';
import { createRegistryClient } from '../registry/create-registry-client.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import {
  type EndDefaults,
  type EndFlags,
  endSettingsFromFlags,
} from './end-settings-from-flags.ts';

/** The registry clients of both ends, to be disposed. */
export interface OpenClients extends AsyncDisposable {
  readonly reading: RegistryClient;
  readonly writing: RegistryClient;
}

/**
 * Opens both ends as flags, environment and files say; asks nobody anything yet.
 * @throws ControllerError USAGE for credential flags that exclude each other, REGISTRIES_CONF_INVALID.
 */
export async function openClients(
  flags: { readonly source: EndFlags; readonly destination: EndFlags },
  defaults: EndDefaults,
  log: Log,
): Promise<OpenClients> {
  const { environment } = defaults;
  const registriesConf = await loadRegistriesConf({ environment, fileRoot: '' });
  const { credentialHelpers } = registriesConf;
  const options = credentialHelpers === undefined ? {} : { credentialHelpers };
  function open(end: EndFlags, endLog: Log): RegistryClient {
    const transport = createTransport(endSettingsFromFlags(end, defaults), endLog, options);
    return createRegistryClient({ transport, registriesConf, log: endLog });
  }
  const reading = open(flags.source, log.child({ end: 'source' }));
  const writing = open(flags.destination, log.child({ end: 'destination' }));
  return {
    reading,
    writing,
    async [Symbol.asyncDispose]() {
      await reading[Symbol.asyncDispose]();
      await writing[Symbol.asyncDispose]();
    },
  };
}
