import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { parseRegistriesConf } from './parse-registries-conf.ts';
import type { RegistriesConf } from './registries-conf.ts';

const LIMIT_BYTES = 1024 * 1024;

export interface RegistriesConfPlaces {
  /** Of which `CONTAINERS_REGISTRIES_CONF` and `HOME` count. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Root of the file system that `/etc` is looked up in; '' outside tests. */
  readonly fileRoot: string;
}

/**
 * Reads the registries.conf that counts and its drop-ins, and merges them (spec, transfer-engine, 6.1).
 * @throws ControllerError REGISTRIES_CONF_INVALID
 */
export async function loadRegistriesConf(places: RegistriesConfPlaces): Promise<RegistriesConf> {
  const { environment, fileRoot } = places;
  const home = environment.HOME ?? '';
  const userFolder = home === '' ? undefined : join(home, '.config/containers');
  const systemFolder = `${fileRoot}/etc/containers`;
  const named = environment.CONTAINERS_REGISTRIES_CONF ?? '';

  const conf: RegistriesConf[] = [];
  let isUsers = false;
  if (named !== '') {
    conf.push(parseRegistriesConf(await readNamed(named), { file: named, isDropIn: false }));
  } else {
    for (const folder of [userFolder, systemFolder]) {
      if (folder === undefined) continue;
      const file = join(folder, 'registries.conf');
      const text = await readIfThere(file);
      if (text === undefined) continue;
      conf.push(parseRegistriesConf(text, { file, isDropIn: false }));
      isUsers = folder === userFolder;
      break;
    }
  }
  const dropInFolders = [isUsers ? undefined : systemFolder, userFolder]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, 'registries.conf.d'));
  for (const folder of dropInFolders) {
    for (const file of await dropInsOf(folder)) {
      const text = await readIfThere(file);
      if (text !== undefined) conf.push(parseRegistriesConf(text, { file, isDropIn: true }));
    }
  }
  return mergeRegistriesConf(conf);
}

/** Merges files, later over earlier: a table replaces the one with its prefix as a whole. */
export function mergeRegistriesConf(files: readonly RegistriesConf[]): RegistriesConf {
  const tables = files.flatMap((file) => file.tables);
  return {
    tables: [...new Map(tables.map((table) => [table.prefix, table])).values()],
    credentialHelpers: files.findLast((file) => file.credentialHelpers !== undefined)
      ?.credentialHelpers,
  };
}

async function dropInsOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw unreadable(folder, error);
  });
  return entries
    .filter((entry) => entry.name.endsWith('.conf') && !entry.isDirectory())
    .map((entry) => entry.name)
    .sort(compareText)
    .map((name) => join(folder, name));
}

async function readNamed(file: string): Promise<string> {
  const text = await readIfThere(file);
  if (text !== undefined) return text;
  throw new ControllerError('REGISTRIES_CONF_INVALID', `open ${file}: no such file or directory`, {
    remedy: 'wait-for-change',
    hint: 'CONTAINERS_REGISTRIES_CONF names it: correct or unset the variable.',
  });
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > LIMIT_BYTES)
      throw new Error(`it has more than ${LIMIT_BYTES} bytes, which no registries.conf has`);
    return bytes.toString('utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(file, error);
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function unreadable(path: string, cause: unknown): ControllerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ControllerError('REGISTRIES_CONF_INVALID', `${path} cannot be read: ${reason}`, {
    remedy: 'wait-for-change',
    hint: 'Make it readable for the user that runs this program.',
    cause,
  });
}
