import { ControllerError } from '../../base/controller-error.ts';
import { type RegistryReference, isRegistryHost, parseReference } from '../../oci/reference.ts';

/** The flags of `imageset list operators` that say what is asked for. */
export interface ListFlags {
  /** What stands beside the flags: nothing should. */
  readonly words: readonly string[];
  readonly catalogs: boolean;
  readonly version: string | undefined;
  readonly catalog: string | undefined;
  readonly package: string | undefined;
  readonly channel: string | undefined;
}

/** What one call of `imageset list operators` asks for. */
export type ListRequest =
  | { readonly kind: 'catalogs'; readonly version: string }
  | {
      readonly kind: 'catalog';
      readonly reference: RegistryReference;
      /** Absent: all packages. */
      readonly package?: string;
      /** Of the package; absent: all channels with their heads. */
      readonly channel?: string;
    };

const VERSION = /^\d{1,4}\.\d{1,4}$/;

/** The checks of the command, in the reference tool's order and words (spec, config-and-outputs, 8.8). @throws ControllerError USAGE */
export function readListRequest(flags: ListFlags): ListRequest {
  const { words, catalogs, version, catalog, channel } = flags;
  const [word] = words;
  if (word !== undefined) {
    throw usage(`"${word}" is no flag: name a catalog with --catalog, a package with --package`);
  }
  if (channel !== undefined && (catalog === undefined || flags.package === undefined)) {
    throw usage('must specify --catalog and --package with --channel');
  }
  if (flags.package !== undefined && catalog === undefined) {
    throw usage('must specify --catalog with --package');
  }
  const reference = catalog === undefined ? undefined : readCatalog(catalog);
  if (catalogs !== (version !== undefined)) {
    const missing = catalogs ? 'version' : 'catalogs';
    throw usage(
      `if any flags in the group [catalogs version] are set they must all be set; missing [${missing}]`,
    );
  }
  if (!catalogs && reference === undefined) {
    throw usage('at least one of the flags in the group [catalog catalogs] is required');
  }
  if (catalogs && reference !== undefined) {
    throw usage(
      'if any flags in the group [catalog catalogs] are set none of the others can be; [catalog catalogs] were all set',
    );
  }
  if (reference === undefined) return { kind: 'catalogs', version: readVersion(version ?? '') };
  return {
    kind: 'catalog',
    reference,
    ...(flags.package === undefined ? {} : { package: flags.package }),
    ...(channel === undefined ? {} : { channel }),
  };
}

/** A registry reference with its host: catalogs on disk are not listed, and a short name is most likely a slip. */
function readCatalog(text: string): RegistryReference {
  if (text.includes('://')) {
    throw usage(`"${text}": invalid reference format (write HOST/PATH:TAG, without a transport)`);
  }
  const [host = '', ...path] = text.split('/');
  const isFull = path.length > 0 && isRegistryHost(host) && /[.:]|^localhost$/.test(host);
  if (!isFull) {
    throw usage(
      `"${text}": repository name must be canonical (write the registry too: HOST/PATH:TAG)`,
    );
  }
  try {
    const reference = parseReference(text);
    if (reference.kind === 'registry') return reference;
  } catch (error) {
    if (error instanceof ControllerError) throw usage(`"${text}": ${error.message}`, error);
    throw error;
  }
  throw usage(`"${text}": invalid reference format`);
}

function readVersion(text: string): string {
  if (VERSION.test(text)) return text;
  throw usage(`invalid version "${text}": write it as X.Y, e.g. 4.20`);
}

function usage(message: string, cause?: unknown): ControllerError {
  return new ControllerError('USAGE', message, {
    remedy: 'wait-for-change',
    ...(cause === undefined ? {} : { cause }),
  });
}
