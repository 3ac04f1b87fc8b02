import { ControllerError } from '../../base/controller-error.ts';
import { forEachConcurrently } from '../../base/for-each-concurrently.ts';
import { formatReference, manifestReferenceOf, parseReference } from '../../oci/reference.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';

/** One of the catalogs that every cluster of a version has. */
export interface KnownCatalog {
  readonly reference: string;
  /** Whether the registry has it. */
  readonly isThere: boolean;
}

const HOST = 'registry.redhat.io';
const CATALOGS = ['redhat-operator', 'certified-operator', 'community-operator'];
const MARKETPLACE = 'redhat-marketplace';
/** The first minor version of 4 without a marketplace catalog. */
const WITHOUT_MARKETPLACE = 22;

/**
 * The catalogs of OpenShift X.Y, each asked for at its registry (spec, operator-catalogs, section 6).
 * @throws ControllerError where the registry does not tell.
 */
export async function probeCatalogs(
  client: Pick<RegistryClient, 'source'>,
  version: string,
  signal: AbortSignal,
): Promise<KnownCatalog[]> {
  const found = catalogsOf(version).map((reference) => ({ reference, isThere: false }));
  await forEachConcurrently(
    found,
    { limit: found.length, signal },
    async (catalog, catalogSignal) => {
      catalog.isThere = await isThere(client, catalog.reference, catalogSignal);
    },
  );
  return found;
}

function catalogsOf(version: string): string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const hasMarketplace = major < 4 || (major === 4 && minor < WITHOUT_MARKETPLACE);
  const names = hasMarketplace ? [...CATALOGS, MARKETPLACE] : CATALOGS;
  return names.map((name) => `${HOST}/redhat/${name}-index:v${version}`);
}

async function isThere(
  client: Pick<RegistryClient, 'source'>,
  text: string,
  signal: AbortSignal,
): Promise<boolean> {
  const reference = parseReference(text);
  if (reference.kind !== 'registry') throw new Error(`${formatReference(reference)} is a folder`);
  try {
    await client.source(reference).readManifest(manifestReferenceOf(reference), signal);
    return true;
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'REGISTRY_NOT_FOUND') return false;
    throw error;
  }
}
