import { TomlError, parse } from 'smol-toml';
import { z } from 'zod';
import { ControllerError } from '../../base/controller-error.ts';
import { isRegistryHost, isRepositoryPath } from '../../oci/reference.ts';
import type { RegistriesConf, RegistryMirror, RegistryTable } from './registries-conf.ts';

const PULL = ['all', 'digest-only', 'tag-only'] as const;
const Names = z.array(z.string());
const MirrorTable = z.object({
  location: z.string().optional(),
  insecure: z.boolean().optional(),
  'pull-from-mirror': z.string().optional(),
});
const Table = z.object({
  prefix: z.string().optional(),
  location: z.string().optional(),
  insecure: z.boolean().optional(),
  blocked: z.boolean().optional(),
  'mirror-by-digest-only': z.boolean().optional(),
  'pull-from-mirror': z.string().optional(),
  mirror: z.array(MirrorTable).optional(),
});
const OldList = z.object({ registries: Names.optional() }).optional();
const File = z.object({
  registry: z.array(Table).optional(),
  'unqualified-search-registries': Names.optional(),
  'credential-helpers': Names.optional(),
  'short-name-mode': z.enum(['', 'enforcing', 'permissive', 'disabled']).optional(),
  registries: z.object({ search: OldList, insecure: OldList, block: OldList }).optional(),
});
type File = z.infer<typeof File>;

/**
 * Reads one registries.conf, version 2 or (main files only) version 1. Unknown keys are ignored, as everywhere
 * in this field; what spec, transfer-engine, 6.2 rejects is rejected.
 * @throws ControllerError REGISTRIES_CONF_INVALID, with the file and, where known, the line.
 */
export function parseRegistriesConf(
  text: string,
  { file, isDropIn }: { readonly file: string; readonly isDropIn: boolean },
): RegistriesConf {
  const result = File.safeParse(parseToml(text, file));
  if (!result.success) throw invalid(file, z.prettifyError(result.error), result.error);
  const content = result.data;
  const old = oldTables(content, file);
  if (old.length > 0 && isDropIn) throw invalid(file, 'a drop-in file must be of version 2');
  if (old.length > 0 && isVersion2(content)) {
    throw invalid(
      file,
      'it mixes version 1 ([registries.…]) with version 2 ([[registry]], unqualified-search-registries)',
    );
  }
  for (const name of content['unqualified-search-registries'] ?? []) {
    if (!isRegistryHost(name))
      throw invalid(file, `unqualified-search-registries: "${name}" is no host`);
  }
  const lines = tableLines(text);
  const tables = (content.registry ?? []).map((table, index) =>
    readTable(table, file, lines[index] === undefined ? file : `${file}:${lines[index]}`),
  );
  refuseContradictions(tables, file);
  return { tables: [...old, ...tables], credentialHelpers: content['credential-helpers'] };
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n', 1)[0] ?? '';
    throw invalid(`${file}:${cause.line}:${cause.column}`, reason, cause);
  }
}

function readTable(table: z.infer<typeof Table>, file: string, where: string): RegistryTable {
  const location = readLocation(table.location ?? '', where, 'location');
  const prefix = readPrefix(table.prefix ?? '', where) || location;
  if (prefix === '') throw invalid(where, 'a [[registry]] has neither prefix nor location');
  if (location === '' && !prefix.startsWith('*.')) {
    throw invalid(where, `prefix "${prefix}" has no location, which only a "*." prefix may lack`);
  }
  if (table['pull-from-mirror'] !== undefined) {
    throw invalid(where, 'pull-from-mirror belongs to [[registry.mirror]], not to [[registry]]');
  }
  const byDigestOnly = table['mirror-by-digest-only'] ?? false;
  return {
    prefix,
    location,
    insecure: table.insecure ?? false,
    blocked: table.blocked ?? false,
    mirrors: (table.mirror ?? []).map((mirror) => readMirror(mirror, byDigestOnly, where)),
    file,
  };
}

function readMirror(
  mirror: z.infer<typeof MirrorTable>,
  byDigestOnly: boolean,
  where: string,
): RegistryMirror {
  const location = readLocation(mirror.location ?? '', where, 'location of a mirror');
  if (location === '') throw invalid(where, 'a [[registry.mirror]] has no location');
  const pull = mirror['pull-from-mirror'] ?? '';
  const known = PULL.find((one) => one === pull);
  if (pull !== '' && known === undefined) {
    throw invalid(where, `pull-from-mirror "${pull}" is none of ${PULL.join(', ')}`);
  }
  if (pull !== '' && byDigestOnly) {
    throw invalid(where, 'pull-from-mirror and mirror-by-digest-only exclude each other');
  }
  return {
    location,
    insecure: mirror.insecure ?? false,
    pull: known ?? (byDigestOnly ? 'digest-only' : 'all'),
  };
}

function readLocation(text: string, where: string, key: string): string {
  const location = withoutSlashes(text, where, key);
  if (location !== '' && !isName(location)) {
    throw invalid(where, `${key} "${location}" is not HOST[:PORT][/PATH] in lower case`);
  }
  return location;
}

function readPrefix(text: string, where: string): string {
  const prefix = withoutSlashes(text, where, 'prefix');
  const name = prefix.startsWith('*.') ? prefix.slice(2) : prefix;
  if (prefix !== '' && !isName(name)) {
    throw invalid(
      where,
      `prefix "${prefix}" is neither HOST[:PORT][/PATH] nor *.DOMAIN[/PATH] (tags and digests cannot be matched)`,
    );
  }
  return prefix;
}

function withoutSlashes(text: string, where: string, key: string): string {
  if (/^[a-z]+:\/\//i.test(text))
    throw invalid(where, `${key} "${text}" has a scheme; name the host alone`);
  return text.replace(/\/+$/, '');
}

function isName(name: string): boolean {
  const slash = name.indexOf('/');
  const host = slash < 0 ? name : name.slice(0, slash);
  return isRegistryHost(host) && (slash < 0 || isRepositoryPath(name.slice(slash + 1)));
}

/** Two tables may send different prefixes to one location, but cannot disagree on how it is reached. */
function refuseContradictions(tables: readonly RegistryTable[], file: string): void {
  const byLocation = new Map<string, RegistryTable>();
  for (const table of tables) {
    const other = table.location === '' ? undefined : byLocation.get(table.location);
    if (other === undefined) byLocation.set(table.location, table);
    else if (other.insecure !== table.insecure || other.blocked !== table.blocked) {
      throw invalid(file, `two tables for "${table.location}" differ in "insecure" or "blocked"`);
    }
  }
}

/** Version 1 knows hosts without TLS and hosts that are refused; its search list is of no use here (spec 6.5). */
function oldTables({ registries }: File, file: string): RegistryTable[] {
  if (registries === undefined) return [];
  const insecure = registries.insecure?.registries ?? [];
  const blocked = registries.block?.registries ?? [];
  const search = registries.search?.registries ?? [];
  for (const name of search) {
    if (!isRegistryHost(name)) throw invalid(file, `registries.search: "${name}" is no host`);
  }
  return [...new Set([...insecure, ...blocked])].map((name) => {
    const location = readLocation(name, file, 'registries');
    return {
      prefix: location,
      location,
      insecure: insecure.includes(name),
      blocked: blocked.includes(name),
      mirrors: [],
      file,
    };
  });
}

function isVersion2(content: File): boolean {
  return (
    (content.registry ?? []).length > 0 ||
    (content['unqualified-search-registries'] ?? []).length > 0
  );
}

/** The lines of the `[[registry]]` headers, since the parser keeps no positions of what it accepts. */
function tableLines(text: string): number[] {
  return text
    .split('\n')
    .flatMap((line, index) => (/^\s*\[\[\s*"?registry"?\s*\]\]/.test(line) ? [index + 1] : []));
}

function invalid(where: string, reason: string, cause?: unknown): ControllerError {
  return new ControllerError('REGISTRIES_CONF_INVALID', `${where}: ${reason}`, {
    remedy: 'wait-for-change',
    hint: 'Correct the file (man containers-registries.conf), or name another one in CONTAINERS_REGISTRIES_CONF.',
    ...(cause === undefined ? {} : { cause }),
  });
}
