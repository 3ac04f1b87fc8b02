import { compare, parse } from 'semver';
import type { LockedRelease } from '../../lock/lock.ts';
import { parseReleaseName } from '../../lock/release-name.ts';
import { parseReference } from '../../oci/reference.ts';
import type { ChannelRequest } from '../../release/graph/release-selection.ts';

/** Of OpenShift those of some architectures; releases of OKD say nothing of theirs. */
export function isOfArchitecture(
  { release }: Pick<LockedRelease, 'release'>,
  type: ChannelRequest['type'],
  architectures: readonly string[],
): boolean {
  const { architecture } = parseReleaseName(release);
  if (architecture === undefined) return type === 'okd';
  return type === 'ocp' && architectures.includes(architecture);
}

/** Whether a version is in the closed range of the bounds; one that is no SemVer is in none that has a bound. */
export function isInRange(
  { release }: Pick<LockedRelease, 'release'>,
  { minVersion, maxVersion }: Pick<ChannelRequest, 'minVersion' | 'maxVersion'>,
): boolean {
  if (minVersion === undefined && maxVersion === undefined) return true;
  const version = parse(parseReleaseName(release).version);
  if (version === null) return false;
  if (minVersion !== undefined && compare(version, minVersion) < 0) return false;
  return maxVersion === undefined || compare(version, maxVersion) <= 0;
}

/** Whether an image set that names a payload itself, by tag or digest, names this one. */
export function isPayload({ release, payload }: LockedRelease, name: string): boolean {
  const reference = parseReference(name);
  if (reference.kind !== 'registry') return false;
  return reference.digest === undefined ? release === reference.tag : payload === reference.digest;
}
