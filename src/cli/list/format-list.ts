import { formatTable } from './format-table.ts';
import type { KnownCatalog } from './probe-catalogs.ts';
import type { ChannelSummary, PackageSummary } from './summarize-package.ts';

/** What a list shows. */
export type Listed =
  | {
      readonly kind: 'catalogs';
      readonly version: string;
      readonly catalogs: readonly KnownCatalog[];
    }
  | { readonly kind: 'packages'; readonly packages: readonly PackageSummary[] }
  | { readonly kind: 'package'; readonly package: PackageSummary }
  | {
      readonly kind: 'channel';
      readonly package: PackageSummary;
      readonly channel: ChannelSummary;
    };

/** As the reference tool prints it (spec, config-and-outputs, 8.8). */
export function formatList(listed: Listed): string {
  switch (listed.kind) {
    case 'catalogs':
      return formatCatalogs(listed.version, listed.catalogs);
    case 'packages':
      return formatPackages(listed.packages);
    case 'package':
      return `${formatPackages([listed.package])}\n${formatHeads(listed.package)}`;
    case 'channel':
      return formatTable([['VERSIONS'], ...listed.channel.bundles.map(({ version }) => [version])]);
    default:
      return listed satisfies never;
  }
}

/** The same for machines, with what the tables leave out. `catalog` is absent where none was read. */
export function formatListJson(
  listed: Listed,
  catalog?: { readonly reference: string; readonly digest: string },
): string {
  return `${JSON.stringify({ ...catalog, ...jsonOf(listed) }, undefined, 2)}\n`;
}

function jsonOf(listed: Listed): object {
  switch (listed.kind) {
    case 'catalogs':
      return {
        version: listed.version,
        catalogs: listed.catalogs.map(({ reference, isThere }) => ({
          reference,
          available: isThere,
        })),
      };
    case 'packages':
      return { packages: listed.packages.map(jsonOfPackage) };
    case 'package':
      return { packages: [jsonOfPackage(listed.package)] };
    case 'channel': {
      const channels = [{ ...jsonOfChannel(listed.channel), bundles: listed.channel.bundles }];
      return { packages: [{ ...jsonOfPackage(listed.package), channels }] };
    }
    default:
      return listed satisfies never;
  }
}

function jsonOfPackage({ name, displayName, defaultChannel, channels }: PackageSummary): object {
  return { name, displayName, defaultChannel, channels: channels.map(jsonOfChannel) };
}

function jsonOfChannel({ name, head }: ChannelSummary): object {
  return 'bundle' in head ? { name, head: head.bundle } : { name, problem: head.problem };
}

function formatCatalogs(version: string, catalogs: readonly KnownCatalog[]): string {
  const lines = catalogs.map(({ reference, isThere }) =>
    isThere ? reference : `Invalid catalog reference "${reference}", please check version`,
  );
  const head = ['Available OpenShift OperatorHub catalogs:', `OpenShift ${version}:`];
  return `${[...head, ...lines].join('\n')}\n`;
}

function formatPackages(packages: readonly PackageSummary[]): string {
  const rows = packages.map(({ name, displayName, defaultChannel }) => {
    return [name, displayName, defaultChannel];
  });
  return formatTable([['NAME', 'DISPLAY NAME', 'DEFAULT CHANNEL'], ...rows]);
}

function formatHeads({ name, channels }: PackageSummary): string {
  const rows = channels.map((channel) => {
    const { head } = channel;
    return [name, channel.name, 'bundle' in head ? head.bundle : `ERROR: ${head.problem}`];
  });
  return formatTable([['PACKAGE', 'CHANNEL', 'HEAD'], ...rows]);
}
