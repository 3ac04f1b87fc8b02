import type { ControllerError } from '../../base/controller-error.ts';

/** The releases of a channel on one architecture, or why they are not known. */
export type ListedArchitecture =
  | { readonly architecture: string; readonly versions: readonly string[] }
  | { readonly architecture: string; readonly problem: ControllerError };

/** What a list of releases shows. */
export type ListedReleases =
  | { readonly kind: 'minors'; readonly versions: readonly string[] }
  | { readonly kind: 'channels'; readonly version: string; readonly channels: readonly string[] }
  | {
      readonly kind: 'releases';
      readonly version: string;
      readonly channel: string;
      readonly architectures: readonly ListedArchitecture[];
    };

/** As the reference tool prints it (spec, config-and-outputs, 8.7). */
export function formatReleaseList(listed: ListedReleases): string {
  switch (listed.kind) {
    case 'minors': {
      const lines = listed.versions.map((version) => `  ${version}`);
      return linesOf(['Available OpenShift Container Platform release versions:', ...lines]);
    }
    case 'channels':
      return linesOf([`Listing channels for version ${listed.version}:`, '', ...listed.channels]);
    case 'releases':
      return linesOf([...introductionOf(listed), ...listed.architectures.flatMap(blockOf)]);
    default:
      return listed satisfies never;
  }

  function blockOf(one: ListedArchitecture): string[] {
    if ('problem' in one || listed.kind !== 'releases') return [];
    return [`Channel: ${listed.channel}`, `Architecture: ${one.architecture}`, ...one.versions];
  }
}

/** The same for machines. */
export function formatReleaseListJson({ kind, ...listed }: ListedReleases): string {
  const value =
    'architectures' in listed
      ? { channel: listed.channel, architectures: listed.architectures.map(jsonOf) }
      : listed;
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function jsonOf(one: ListedArchitecture): object {
  const { architecture } = one;
  return 'problem' in one ? { architecture, problem: one.problem.message } : one;
}

function introductionOf({ channel, version }: { channel: string; version: string }): string[] {
  if (!channel.startsWith('stable')) return [];
  return [
    'Listing stable channels. Use --channel=<name> to filter.',
    `Use oc-mirror --v2 list releases --channels --version=${version} to discover other channels.`,
    '',
  ];
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
