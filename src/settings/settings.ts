import type { Destination } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { ControllerSettings } from './controller-settings.ts';
import { parseDestination } from '../oci/destination.ts';
import { parseDuration } from './duration.ts';
import { repositoryPathParts } from './repository-path.ts';
import { NEVER } from './setting-fields.ts';

/** A Git repository and branch. Every `…File` names a file; no secret is ever a setting. */
export interface GitSettings {
  readonly url: string;
  readonly branch: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly sshKeyFile?: string;
  readonly knownHostsFile?: string;
  readonly caFile?: string;
}

export interface ManifestsSettings extends GitSettings {
  readonly author: { readonly name: string; readonly email: string };
}

/** Cron expressions in UTC; undefined: never. */
export interface ScheduleSettings {
  readonly poll: string;
  readonly resync: string | undefined;
  readonly verify: string | undefined;
}

/** How much may be deleted (design.md, section 5, "Deletes"). */
export interface DeletionSettings {
  readonly policy: 'explicit' | 'prune';
  readonly maxImages: number;
  /** 0 to 1. */
  readonly maxShare: number;
  readonly graceMs: number;
  readonly superseded: boolean;
  /** The hash of a plan that may exceed the caps. */
  readonly approvedPlan: string | undefined;
}

export type OmittedKind = ControllerSettings['mirrors'][number]['resources']['omit'][number];

export interface ResourceSettings {
  readonly scope: 'namespace' | 'repository';
  readonly omit: readonly OmittedKind[];
  readonly argocd: boolean;
  readonly catalogSource: { readonly secrets: readonly string[] };
  readonly registryCAFile?: string;
  readonly appsDomain?: string;
}

export interface MirrorSettings {
  readonly name: string;
  /** In the source branch, without `./` and `/` at the ends; '' is its root. */
  readonly paths: readonly string[];
  readonly destination: Destination;
  /** In the manifests branch, as `paths`. */
  readonly output: string;
  readonly deletion: DeletionSettings;
  readonly removeSignatures: boolean;
  /** Where `oci://` references are read below; absent: they are refused. */
  readonly ociRoot?: string;
  readonly resources: ResourceSettings;
}

export interface ReleaseEndpoints {
  readonly graphUrl?: string;
  readonly signatureUrl?: string;
  readonly keysFile?: string;
}

export interface ReleaseSettings extends ReleaseEndpoints {
  readonly graphDataUrl?: string;
  readonly graphBase?: string;
  /** Releases that are taken without a signature. */
  readonly unsigned: readonly Digest[];
  readonly okd: ReleaseEndpoints;
}

/** The controller's settings, checked, with every default in its place (design.md, section 6). */
export interface Settings {
  readonly source: GitSettings;
  readonly manifests: ManifestsSettings;
  readonly schedule: ScheduleSettings;
  readonly mirrors: readonly MirrorSettings[];
  readonly releases: ReleaseSettings;
  readonly transfer: { readonly parallelImages: number; readonly parallelBlobs: number };
}

/** Settings from what passed the schema. */
export function toSettings(checked: ControllerSettings): Settings {
  const { source, schedule, mirrors, releases, transfer } = checked;
  return {
    source,
    manifests: toManifests(checked),
    schedule: {
      poll: schedule.poll,
      resync: schedule.resync === NEVER ? undefined : schedule.resync,
      verify: schedule.verify === NEVER ? undefined : schedule.verify,
    },
    mirrors: mirrors.map(toMirror),
    releases,
    transfer,
  };
}

/** Credentials belong together: those of the source count only where the manifests name none at all. */
function toManifests({ source, manifests }: ControllerSettings): ManifestsSettings {
  const { url, branch, author, ...own } = manifests;
  const { url: sourceUrl, branch: _, ...sources } = source;
  const credentials = Object.keys(own).length > 0 ? own : sources;
  return { url: url ?? sourceUrl, branch, author, ...credentials };
}

function toMirror(mirror: ControllerSettings['mirrors'][number]): MirrorSettings {
  const { paths, destination, output, deletion, maxNestedPaths, ...rest } = mirror;
  const { grace, approvedPlan, ...caps } = deletion;
  return {
    ...rest,
    paths: paths.map(toPath),
    destination: parseDestination(destination, maxNestedPaths),
    output: toPath(output),
    deletion: { ...caps, graceMs: parseDuration(grace) ?? 0, approvedPlan },
  };
}

function toPath(path: string): string {
  return (repositoryPathParts(path) ?? []).join('/');
}
