import { ControllerError } from '../../base/controller-error.ts';

/** The content of a catalog image is broken, or it is no catalog. */
export function catalogInvalid(message: string, hint: string, cause?: unknown): ControllerError {
  return new ControllerError('CATALOG_INVALID', message, {
    remedy: 'wait-for-change',
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A file of the catalog is broken. `line`: from 1. */
export function invalidFile(
  { name, configsFolder }: { readonly name: string; readonly configsFolder: string },
  path: string,
  line: number,
  what: string,
): ControllerError {
  return catalogInvalid(
    `${name}: ${configsFolder}/${path}:${line}: ${what}`,
    'Every file of a catalog holds JSON or YAML documents with a schema; what does not belongs into a .indexignore. Tell who builds the catalog ("opm validate" shows this too).',
  );
}
