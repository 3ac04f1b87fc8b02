import { ControllerError } from '../../base/controller-error.ts';
import { type FieldPath, formatField } from '../../base/field-path.ts';
import type { FieldProblem } from '../../base/field-problem.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { OperatorCatalog } from '../../imageset/operators-content.ts';
import type { Lock, LockedBundle } from '../../lock/lock.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import { listNames } from '../../catalog/validate/name-list.ts';
import {
  type Destination,
  type Place,
  absolutePlace,
  relativePlace,
} from '../../oci/destination.ts';
import { type Reference, formatReference, parseReference } from '../../oci/reference.ts';
import { catalogPlace } from './catalog-place.ts';
import { choosePackage } from './choose-package.ts';

/** What the `operators` of a delete file name of what a lock has. */
export interface ChosenForDelete {
  readonly bundles: readonly ChosenBundle[];
  readonly catalogs: readonly ChosenCatalog[];
  /** Entries that choose nothing: more often a typing error than a wish for nothing. */
  readonly warnings: readonly FieldProblem[];
}

export interface ChosenBundle {
  readonly bundle: LockedBundle;
  readonly entry: WantingEntry;
}

/** A catalog's own image. */
export interface ChosenCatalog {
  /** The place as the lock writes it. */
  readonly destination: string;
  readonly place: Place;
  readonly source: string;
  readonly entry: WantingEntry;
}

/**
 * What a DeleteImageSetConfiguration names (design.md, section 5, "Deletes"): chosen among the lock's bundles, those that
 * no published catalog lists any more too, so that what upstream forgot can still be deleted. An entry without packages
 * names the catalog's image and all of its bundles; one of a package without versions all of that package or channel.
 * @param lock one of this destination.
 */
export function chooseForDelete(
  document: ImageSetDocument,
  lock: Pick<Lock, 'catalogs' | 'bundles'>,
  destination: Destination,
): ChosenForDelete {
  const chosen: Choice = { bundles: [], catalogs: [], warnings: [] };
  for (const [index, catalog] of (document.content.operators ?? []).entries()) {
    const path = [document.kind, 'operators', index];
    chooseOfCatalog({ document, catalog, path, lock, destination }, chosen);
  }
  return chosen;
}

interface Choice {
  readonly bundles: ChosenBundle[];
  readonly catalogs: ChosenCatalog[];
  readonly warnings: FieldProblem[];
}

interface Asked {
  readonly document: ImageSetDocument;
  readonly catalog: OperatorCatalog;
  readonly path: FieldPath;
  readonly lock: Pick<Lock, 'catalogs' | 'bundles'>;
  readonly destination: Destination;
}

function chooseOfCatalog(asked: Asked, chosen: Choice): void {
  const { document, catalog, path, lock } = asked;
  const meant = catalogsMeant(asked);
  const at = new Set(meant.map(({ destination }) => destination));
  const bundles = lock.bundles.filter((bundle) => at.has(bundle.catalog));
  const packages = catalog.packages ?? [];
  if (packages.length === 0) {
    const entry = entryAt(document, path);
    chosen.bundles.push(...bundles.map((bundle) => ({ bundle, entry })));
    chosen.catalogs.push(...meant.map((one) => ({ ...one, entry })));
  }
  if (bundles.length === 0 && !lock.catalogs.some(({ destination }) => at.has(destination))) {
    chosen.warnings.push(unknownCatalog(asked));
    return;
  }
  for (const [index, wanted] of packages.entries()) {
    const below = [...path, 'packages', index];
    const entry = entryAt(document, below);
    const choice = choosePackage(wanted, bundles);
    chosen.bundles.push(...choice.bundles.map((bundle) => ({ bundle, entry })));
    chosen.warnings.push(
      ...choice.findings.map(({ path: steps, ...finding }) => {
        return { ...entryAt(document, [...below, ...steps]), ...finding };
      }),
    );
  }
}

/**
 * The catalog where the same entry of an image set would put it; where nothing is known of that, and the entry names no
 * target, the catalogs of its source.
 */
function catalogsMeant({ catalog, lock, destination }: Asked): Omit<ChosenCatalog, 'entry'>[] {
  const reference = parseReference(catalog.catalog);
  const source = formatReference(reference);
  const place = placeIfAny(reference, catalog, destination);
  const own = place === undefined ? undefined : relativePlace(place, destination);
  const isKnown =
    lock.catalogs.some((line) => line.destination === own) ||
    lock.bundles.some((line) => line.catalog === own);
  const hasTarget = catalog.targetCatalog !== undefined || catalog.targetTag !== undefined;
  const bySource =
    isKnown || hasTarget
      ? []
      : lock.catalogs.flatMap((line) => {
          const at = absolutePlace(line.destination, destination);
          if (line.source !== source || at === undefined) return [];
          return [{ destination: line.destination, place: at, source }];
        });
  if (bySource.length > 0) return bySource;
  return place === undefined || own === undefined ? [] : [{ destination: own, place, source }];
}

/** Undefined where an image set with the entry could not be mirrored. */
function placeIfAny(
  reference: Reference,
  catalog: OperatorCatalog,
  destination: Destination,
): Place | undefined {
  try {
    return catalogPlace(reference, catalog, destination);
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}

function unknownCatalog({ document, catalog, path, lock }: Asked): FieldProblem {
  const known = new Set(lock.catalogs.map(({ source }) => source));
  return {
    ...entryAt(document, [...path, 'catalog']),
    message: `the lock has nothing of catalog "${catalog.catalog}"`,
    hint:
      known.size === 0
        ? 'It has no catalogs.'
        : `It has ${listNames(known)}; write catalog, targetCatalog and targetTag as in the image set.`,
  };
}

function entryAt(document: ImageSetDocument, path: FieldPath): WantingEntry {
  return { position: document.positionOf(path), field: formatField(path) };
}
