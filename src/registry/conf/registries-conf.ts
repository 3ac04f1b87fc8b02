/** registries.conf as this project uses it: every file merged (spec, transfer-engine, section 6). */
export interface RegistriesConf {
  readonly tables: readonly RegistryTable[];
  /** `credential-helpers`, asked in this order; undefined: not set, so the credentials files alone count (spec 5.4). */
  readonly credentialHelpers: readonly string[] | undefined;
}

/** One `[[registry]]` table. */
export interface RegistryTable {
  /** What it matches: `host[:port][/path]` or `*.domain[/path]`. */
  readonly prefix: string;
  /** What replaces the match; '' leaves it as it is (only with a wildcard). */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  /** Asked in this order, before the location. */
  readonly mirrors: readonly RegistryMirror[];
  /** The file that it was read from, for messages. */
  readonly file: string;
}

/** One `[[registry.mirror]]` of a table. */
export interface RegistryMirror {
  readonly location: string;
  readonly insecure: boolean;
  /** Which references it is asked for; `mirror-by-digest-only` of the table is folded in. */
  readonly pull: 'all' | 'digest-only' | 'tag-only';
}

/** No file at all: nothing is rewritten, nothing is blocked. */
export const NO_REGISTRIES_CONF: RegistriesConf = { tables: [], credentialHelpers: undefined };
