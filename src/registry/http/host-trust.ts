import { createSecureContext, type SecureContext } from 'node:tls';
import { digestOf } from '../../oci/digest.ts';
import type { EndSettings } from '../end-settings.ts';
import { caFileFor, type HostCertificates, readHostCertificates } from './cert-directory.ts';
import { HttpFailure } from './http-failure.ts';
import { readSystemCertificates } from './system-certificates.ts';

/** TLS settings that connections can share. */
export interface TlsProfile {
  /** Equal keys mean equal settings. */
  readonly key: string;
  readonly secureContext: SecureContext;
  readonly verifies: boolean;
}

/**
 * How connections on behalf of one registry are secured. Its token server and the stores it redirects to
 * get the same authorities (spec, transfer-engine, 5.5.9), but not its client certificates.
 */
export interface HostTrust {
  readonly own: TlsProfile;
  readonly others: TlsProfile;
  /** Where a CA certificate for the host belongs; undefined: only the system's authorities count. */
  readonly caFile: string | undefined;
}

/** @returns A function that reads a host's certificates at its first use. */
export function createHostTrust(
  settings: Pick<EndSettings, 'certDirectory' | 'environment' | 'fileRoot'>,
): (host: string, verifies: boolean) => Promise<HostTrust> {
  const trustByHost = new Map<string, Promise<HostTrust>>();
  let system: Promise<readonly string[]> | undefined;
  const shared = new Map<boolean, TlsProfile>();

  async function load(host: string, verifies: boolean): Promise<HostTrust> {
    // Without checks nothing is read but client certificates.
    const authorities = verifies ? await systemAuthorities() : [];
    const certificates = await readHostCertificates(host, settings);
    const caFile = caFileFor(host, settings);
    const others = othersProfile(host, verifies, authorities, certificates, caFile);
    if (certificates.pairs.length === 0) return { own: others, others, caFile };
    const own = {
      key: `${others.key}, client certificates of ${host}`,
      secureContext: contextOf(
        [...authorities, ...certificates.authorities],
        certificates.pairs,
        caFile,
      ),
      verifies,
    };
    return { own, others, caFile };
  }

  async function systemAuthorities(): Promise<readonly string[]> {
    system ??= readSystemCertificates(settings.environment, settings.fileRoot);
    try {
      return await system;
    } catch (error) {
      system = undefined;
      throw error;
    }
  }

  function othersProfile(
    host: string,
    verifies: boolean,
    authorities: readonly string[],
    certificates: HostCertificates,
    caFile: string,
  ): TlsProfile {
    if (certificates.authorities.length > 0 && verifies) {
      const all = [...authorities, ...certificates.authorities];
      return { key: `authorities of ${host}`, secureContext: contextOf(all, [], caFile), verifies };
    }
    let profile = shared.get(verifies);
    if (profile === undefined) {
      const key = verifies ? 'system' : 'unchecked';
      // Hundreds of certificates take milliseconds to parse: once, not per connection.
      profile = { key, secureContext: contextOf(authorities, [], caFile), verifies };
      shared.set(verifies, profile);
    }
    return profile;
  }

  return async (host, verifies) => {
    const key = `${host} ${String(verifies)}`;
    let trust = trustByHost.get(key);
    if (trust === undefined) {
      trust = load(host, verifies);
      trustByHost.set(key, trust);
      // A file that was wrong may be right at the next attempt.
      trust.catch(() => trustByHost.delete(key));
    }
    return await trust;
  };
}

/** The system's authorities alone: for servers that are no registries. @throws HttpFailure REGISTRY_TLS */
export async function readSystemTrust(
  settings: Pick<EndSettings, 'environment' | 'fileRoot'>,
): Promise<HostTrust> {
  const authorities = await readSystemCertificates(settings.environment, settings.fileRoot);
  const secureContext = contextOf(authorities, [], 'SSL_CERT_FILE');
  const profile = { key: 'system', secureContext, verifies: true };
  return { own: profile, others: profile, caFile: undefined };
}

/** Contexts without client certificates, by their authorities: source and destination mostly have the same. */
const contextByAuthorities = new Map<string, SecureContext>();

/** Parsing the hundreds of certificates of a system takes a tenth of a start: once for both ends. */
function contextOf(
  authorities: readonly string[],
  pairs: HostCertificates['pairs'],
  caFile: string,
): SecureContext {
  if (pairs.length > 0) return newContext(authorities, pairs, caFile);
  const key = digestOf(Buffer.from(authorities.join('\n')));
  const known = contextByAuthorities.get(key);
  if (known !== undefined) return known;
  const context = newContext(authorities, pairs, caFile);
  contextByAuthorities.set(key, context);
  return context;
}

function newContext(
  authorities: readonly string[],
  pairs: HostCertificates['pairs'],
  caFile: string,
): SecureContext {
  try {
    return createSecureContext({
      ca: [...authorities],
      cert: pairs.map((pair) => pair.cert),
      key: pairs.map((pair) => pair.key),
      minVersion: 'TLSv1.2',
    });
  } catch (error) {
    throw new HttpFailure('REGISTRY_TLS', `the certificates beside ${caFile} cannot be used`, {
      remedy: 'wait-for-change',
      again: false,
      hint: 'They have to be PEM, and a client key has to fit its certificate and have no passphrase.',
      cause: error,
    });
  }
}
