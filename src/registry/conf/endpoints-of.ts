import { ControllerError } from '../../base/controller-error.ts';
import type { RegistryReference } from '../../oci/reference.ts';
import { isRepositoryPath } from '../../oci/reference.ts';
import type { RegistriesConf, RegistryTable } from './registries-conf.ts';

/** A repository at a host: where requests go. */
export interface Endpoint {
  readonly host: string;
  readonly repository: string;
  /** What registries.conf says about TLS there; undefined: nothing. */
  readonly insecure: boolean | undefined;
  /** The host of the reference, which may be another one than `host`. */
  readonly namedHost: string;
}

/** What endpoints are chosen by: where an image is pulled from, and whether by digest. */
export type PulledImage = Pick<RegistryReference, 'registry' | 'repository' | 'digest'>;

/**
 * Where an image is read from, in the order to try: the mirrors of the longest matching table, then its
 * location (spec, transfer-engine, 6.3).
 * @throws ControllerError REGISTRY_BLOCKED, REGISTRIES_CONF_INVALID (a rewritten name that is none).
 */
export function endpointsOf(conf: RegistriesConf, image: PulledImage): readonly Endpoint[] {
  const name = `${image.registry}/${image.repository}`;
  const found = findTable(conf, name);
  if (found === undefined) {
    const { registry: host, repository } = image;
    return [{ host, repository, insecure: undefined, namedHost: host }];
  }
  const { table, matched } = found;
  refuseBlocked(table, name);
  const rest = name.slice(matched);
  const refused = image.digest === undefined ? 'digest-only' : 'tag-only';
  const mirrors = table.mirrors
    .filter((mirror) => mirror.pull !== refused)
    .map((mirror) => ({ ...mirror, name: `${mirror.location}${rest}` }));
  const location = table.location === '' ? name.slice(0, matched) : table.location;
  const primary = { insecure: table.insecure, name: `${location}${rest}` };
  return [...mirrors, primary].map(({ insecure, name }) => ({
    ...splitName(name, table),
    insecure,
    namedHost: image.registry,
  }));
}

/**
 * Where a repository is written to: always where it says, but `blocked` and `insecure` count (spec 6.3.8).
 * @throws ControllerError REGISTRY_BLOCKED
 */
export function writeEndpointOf(
  conf: RegistriesConf,
  place: { readonly host: string; readonly repository: string },
): Endpoint {
  const name = `${place.host}/${place.repository}`;
  const found = findTable(conf, name);
  if (found !== undefined) refuseBlocked(found.table, name);
  const { host, repository } = place;
  return { host, repository, insecure: found?.table.insecure, namedHost: host };
}

/** `host/repository`. */
export function formatEndpoint({
  host,
  repository,
}: Pick<Endpoint, 'host' | 'repository'>): string {
  return repository === '' ? host : `${host}/${repository}`;
}

function findTable(
  { tables }: RegistriesConf,
  name: string,
): { readonly table: RegistryTable; readonly matched: number } | undefined {
  let best: { readonly table: RegistryTable; readonly matched: number } | undefined;
  for (const table of tables) {
    const matched = table.prefix.startsWith('*.')
      ? matchWildcard(table.prefix, name)
      : matchPlain(table.prefix, name);
    if (matched === undefined) continue;
    if (best === undefined || table.prefix.length > best.table.prefix.length)
      best = { table, matched };
  }
  return best;
}

/** The length of the match. Only `/` or the end may follow it: a host with a port is another host (spec 6.3.2, fixed). */
function matchPlain(prefix: string, name: string): number | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const next = name[prefix.length];
  return next === undefined || next === '/' ? prefix.length : undefined;
}

/** `*.domain` stands for any host with at least one label before the domain; the match includes the whole host. */
function matchWildcard(prefix: string, name: string): number | undefined {
  const suffix = prefix.slice(1);
  const slash = suffix.indexOf('/');
  const domain = slash < 0 ? suffix : suffix.slice(0, slash);
  const host = name.slice(0, name.indexOf('/'));
  if (!host.endsWith(domain)) return undefined;
  return matchPlain(slash < 0 ? host : `${host}${suffix.slice(slash)}`, name);
}

/** Host and repository of a rewritten name. */
function splitName(
  name: string,
  table: RegistryTable,
): { readonly host: string; readonly repository: string } {
  const slash = name.indexOf('/');
  const host = slash < 0 ? name : name.slice(0, slash);
  const path = slash < 0 ? '' : name.slice(slash + 1);
  if (!isRepositoryPath(path)) {
    throw new ControllerError(
      'REGISTRIES_CONF_INVALID',
      `rewriting reference: ${table.file} turns what "${table.prefix}" matches into "${name}", which is no repository`,
      {
        remedy: 'wait-for-change',
        hint: `Correct the location of "${table.prefix}" in ${table.file}.`,
      },
    );
  }
  // Docker Hub keeps its one-word names below library/ (spec 5.1.1).
  const isHub = host === 'docker.io' && !path.includes('/');
  return { host, repository: isHub ? `library/${path}` : path };
}

function refuseBlocked(table: RegistryTable, name: string): void {
  if (!table.blocked) return;
  throw new ControllerError(
    'REGISTRY_BLOCKED',
    `registry ${table.prefix} is blocked in ${table.file} (asked for ${name})`,
    {
      remedy: 'wait-for-change',
      hint: `Remove "blocked" from that table, or take the image out of the image set.`,
    },
  );
}
