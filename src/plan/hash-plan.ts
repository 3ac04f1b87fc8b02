import { type Digest, digestOf } from '../oci/digest.ts';
import type { PlannedDelete, PlannedImage } from './plan.ts';

/**
 * The hash of what a plan changes at the registry: its adds, updates and deletes, those over the caps too, so
 * that a person can approve them by it (design.md, section 5, "Deletes").
 */
export function hashPlan(
  mirror: string,
  destination: string,
  changes: {
    readonly adds: readonly PlannedImage[];
    readonly updates: readonly PlannedImage[];
    readonly candidates: readonly PlannedDelete[];
  },
): Digest {
  const image = ({ destination, digest, platforms }: PlannedImage): unknown => [
    destination,
    digest,
    platforms?.map(({ os, architecture }) => `${os}/${architecture}`) ?? [],
  ];
  const text = JSON.stringify([
    mirror,
    destination,
    changes.adds.map(image),
    changes.updates.map(image),
    changes.candidates.map(({ line, reason }) => [line.destination, line.digest, reason]),
  ]);
  return digestOf(Buffer.from(text));
}
