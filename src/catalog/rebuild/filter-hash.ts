import { createHash } from 'node:crypto';
import type { Platform } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';

/** The part of an entry of `operators` that the reference tool hashes. */
export interface FilterHashInput {
  /** Without transport, tag and digest: `registry.example.com/team/catalog`; the path of an `oci://` directory. */
  readonly name: string;
  /** Of the source. */
  readonly digest: Digest;
  readonly packages?: readonly OperatorPackage[];
  readonly full?: boolean;
  readonly skipDependencies?: boolean;
  readonly platforms?: readonly Platform[];
}

/**
 * The hash that the reference tool names a filtered catalog by: where a catalog is wanted by digest alone and
 * nothing is built, it stands in the tag (spec, operator-catalogs, 2.5 and 5.4). MD5, lower-case hex; the order
 * of packages and channels counts. It names, and protects nothing.
 */
export function filterHash(input: FilterHashInput): string {
  const { name, digest, packages, full, skipDependencies, platforms = [] } = input;
  const fields = {
    packages: packages?.map(packageFields) ?? null,
    catalog: `${name}@${digest}`,
    ...(full === true ? { full } : {}),
    ...(skipDependencies === true ? { skipDependencies } : {}),
    ...(platforms.length === 0
      ? {}
      : { platforms: platforms.map(({ os, architecture }) => ({ os, architecture })) }),
  };
  // As Go's encoding/json writes text, https://pkg.go.dev/encoding/json#Marshal.
  const json = JSON.stringify(fields).replaceAll(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return createHash('md5').update(json).digest('hex');
}

function packageFields(entry: OperatorPackage): object {
  const channels = entry.channels ?? [];
  return {
    ...given({ name: entry.name }),
    ...(channels.length === 0
      ? {}
      : {
          channels: channels.map(({ name, minVersion, maxVersion }) =>
            given({ name, minVersion, maxVersion }),
          ),
        }),
    ...given({
      defaultChannel: entry.defaultChannel,
      minVersion: entry.minVersion,
      maxVersion: entry.maxVersion,
    }),
  };
}

/** Without what is empty. */
function given(fields: Readonly<Record<string, string | undefined>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => (value ?? '') !== ''));
}
