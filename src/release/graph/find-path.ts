import type { Channel, Release, Update } from './channel.ts';

export interface Path {
  /** Both ends included. */
  readonly releases: readonly Release[];
  /** Updates of it that are recommended only under conditions. */
  readonly conditional: readonly Update[];
}

/**
 * The path with the fewest updates; of several the one with the fewest conditional updates, then the one that is first
 * at the higher version (spec, releases-helm, 1.6). Undefined: there is none.
 */
export function findPath(
  { releases, updatesTo }: Channel,
  start: Release,
  target: Release,
  { allowNotRecommended }: { readonly allowNotRecommended: boolean },
): Path | undefined {
  // From the target back: of each release, how many updates are left, how many of them conditional, and the next one.
  const nextOf = new Map<number, Step>([[target.position, { left: 0, conditional: 0 }]]);
  let layer = [target.position];
  while (layer.length > 0 && !nextOf.has(start.position)) {
    const before = new Set<number>();
    for (const position of layer) {
      const here = nextOf.get(position);
      for (const update of updatesTo[position] ?? []) {
        if (here === undefined || (update.risks !== undefined && !allowNotRecommended)) continue;
        const conditional = here.conditional + (update.risks === undefined ? 0 : 1);
        const step = { left: here.left + 1, conditional, update };
        const known = nextOf.get(update.from);
        if (known !== undefined && !isBetter(step, known)) continue;
        nextOf.set(update.from, step);
        before.add(update.from);
      }
    }
    layer = [...before];
  }

  const path = [start];
  const conditional: Update[] = [];
  for (let at = start.position; at !== target.position;) {
    const update = nextOf.get(at)?.update;
    const next = update === undefined ? undefined : releases[update.to];
    if (update === undefined || next === undefined) return undefined;
    if (update.risks !== undefined) conditional.push(update);
    path.push(next);
    at = next.position;
  }
  return { releases: path, conditional };
}

interface Step {
  readonly left: number;
  readonly conditional: number;
  /** Absent at the target. */
  readonly update?: Update;
}

function isBetter(step: Required<Step>, known: Step): boolean {
  if (step.left !== known.left) return step.left < known.left;
  if (step.conditional !== known.conditional) return step.conditional < known.conditional;
  return step.update.to > (known.update?.to ?? Infinity);
}

/** What recommended updates lead to from a release, itself left out, ascending. */
export function reachedFrom({ releases, updatesFrom }: Channel, start: Release): Release[] {
  const reached = new Set([start.position]);
  for (const position of reached) {
    for (const { to, risks } of updatesFrom[position] ?? []) {
      if (risks === undefined) reached.add(to);
    }
  }
  return releases.filter(({ position }) => position !== start.position && reached.has(position));
}
