import { gt } from 'semver';
import { z } from 'zod';
import { ControllerError } from '../base/controller-error.ts';
import { isRepositoryPath, isTag, parseReference } from '../oci/reference.ts';
import { parseLooseVersion } from './loose-version.ts';
import { report } from './rule.ts';

/** An image reference; without tag and digest it means `latest` (design.md, section 8). */
export function imageReference(stage: 'load' | 'collect', description: string): z.ZodType<string> {
  return z
    .string()
    .superRefine((text, context) => {
      try {
        parseReference(text);
      } catch (error) {
        if (!(error instanceof ControllerError)) throw error;
        report(context, { message: error.message, hint: error.hint ?? '', stage });
      }
    })
    .describe(description);
}

/** A path below the destination (spec, config-and-outputs, 1.5, "Target path grammar"). */
export function targetPath(stage: 'load' | 'collect', description: string): z.ZodType<string> {
  return z
    .string()
    .superRefine((text, context) => {
      if (isRepositoryPath(text)) return;
      const message = `"${text.slice(0, 300)}" is no target path: it must not have a host, a tag, a digest or upper-case letters`;
      const hint =
        'Write lower-case words joined by ".", "_", "__" or "-", with single "/" between.';
      report(context, { message, hint, stage });
    })
    .describe(description);
}

/** A tag at the destination. */
export const TargetTag = z.string().superRefine((text, context) => {
  if (isTag(text)) return;
  const message = `"${text.slice(0, 200)}" is no tag`;
  const hint =
    'Use at most 128 letters, digits, "_", "." and "-", with no "." or "-" at the start.';
  report(context, { message, hint, stage: 'collect' });
});

/** A bound of a range of operator versions. */
export const OperatorVersion = z.string().superRefine((text, context) => {
  if (parseLooseVersion(text) !== undefined) return;
  const message = `"${text.slice(0, 100)}" must respect semantic versioning notation`;
  report(context, { message, hint: 'Write it like 1.2.3.', stage: 'load' });
});

/** One instance of an index. Both are needed, but the reference tool notices only in collection. */
export const PlatformEntry = z
  .strictObject({
    os: z.string().describe('Operating system, e.g. linux.'),
    architecture: z.string().describe('Architecture, e.g. amd64, arm64, ppc64le, s390x.'),
  })
  .meta({ id: 'Platform', description: 'One instance of a multi-platform image.' });

export const PlatformEntries = z
  .array(PlatformEntry)
  .describe(
    'Mirror only these instances of multi-platform images. The registry has to accept indexes whose other instances are missing.',
  );

/** Reports a range whose lower bound is above its upper one; versions that cannot be read have their own problem. */
export function checkRange(
  range: { readonly minVersion?: string; readonly maxVersion?: string },
  parse: (text: string) => string | undefined,
  context: Parameters<typeof report>[0],
): void {
  const { minVersion, maxVersion } = range;
  if (minVersion === undefined || maxVersion === undefined) return;
  const low = parse(minVersion);
  const high = parse(maxVersion);
  if (low === undefined || high === undefined || !gt(low, high)) return;
  report(context, {
    message: `the range is empty: minVersion ${minVersion} is above maxVersion ${maxVersion}`,
    hint: 'Exchange them.',
    stage: 'collect',
    path: ['minVersion'],
  });
}
