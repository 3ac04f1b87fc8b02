import { z } from 'zod';
import { compilePattern } from './compile-pattern.ts';
import { PlatformEntries, TargetTag, imageReference, targetPath } from './fields.ts';
import { report } from './rule.ts';

/** An image by reference (spec, config-and-outputs, 1.4). */
export const AdditionalImage = z
  .strictObject({
    name: imageReference(
      'collect',
      'HOST/PATH:TAG, HOST/PATH@DIGEST, both, or oci://DIRECTORY; without tag and digest: latest.',
    ),
    targetRepo: targetPath(
      'collect',
      'The path below the destination, instead of its own.',
    ).exactOptional(),
    targetTag: TargetTag.describe(
      'The tag at the destination, instead of its own.',
    ).exactOptional(),
    platforms: PlatformEntries.exactOptional(),
  })
  .meta({ id: 'AdditionalImage', description: 'An image by reference.' });
export type AdditionalImage = z.infer<typeof AdditionalImage>;

const chartFields = {
  version: z
    .string()
    .describe('A version or a range of versions; without it, the newest stable one.')
    .exactOptional(),
  imagePaths: z
    .array(z.string())
    .describe('JSONPath expressions that find images in further places of the manifests.')
    .exactOptional(),
  platforms: PlatformEntries.exactOptional(),
  values: z
    .record(z.string(), z.unknown())
    .describe('Values to render the chart with, over its own defaults. An extension.')
    .exactOptional(),
  kubeVersion: z
    .string()
    .describe('The Kubernetes version to render for, e.g. 1.31. An extension.')
    .exactOptional(),
};

/** A chart of a repository; `path` is accepted and means nothing, as in the reference tool. */
export const RepositoryChart = z
  .strictObject({
    name: z.string().describe('The chart.'),
    path: z.string().describe('Has no effect in a repository.').exactOptional(),
    ...chartFields,
  })
  .meta({ id: 'RepositoryChart', description: 'A chart of a repository.' });
export type RepositoryChart = z.infer<typeof RepositoryChart>;

export const LocalChart = z
  .strictObject({
    name: z.string().describe('For people: the chart at path has its own name.').exactOptional(),
    path: z.string().describe('The folder or the .tgz file of the chart.'),
    ...chartFields,
  })
  .meta({ id: 'LocalChart', description: 'A chart on disk.' });
export type LocalChart = z.infer<typeof LocalChart>;

export const HelmContent = z
  .strictObject({
    repositories: z
      .array(
        z.strictObject({
          name: z.string().describe('A name for the repository.'),
          url: z.string().describe('The address that its index.yaml is below.'),
          charts: z
            .array(RepositoryChart)
            .describe('Only these charts; without it, every version of every chart.')
            .exactOptional(),
        }),
      )
      .describe('Chart repositories.')
      .exactOptional(),
    local: z.array(LocalChart).describe('Charts on disk.').exactOptional(),
  })
  .meta({ id: 'HelmContent', description: 'The images of Helm charts.' });
export type HelmContent = z.infer<typeof HelmContent>;

/** A pattern of references that are never mirrored (spec, config-and-outputs, 1.4; design.md, section 8, last row). */
export const BlockedImage = z
  .strictObject({
    name: z
      .string()
      .superRefine((pattern, context) => {
        const { problem } = compilePattern(pattern);
        if (problem === undefined) return;
        const message = `invalid regular expression "${pattern.slice(0, 200)}": ${problem}`;
        const hint = 'The syntax is RE2: no look-around and no back-references.';
        report(context, { message, hint, stage: 'load' });
      })
      .describe('An RE2 expression, matched anywhere in the source reference.'),
  })
  .meta({ id: 'BlockedImage', description: 'References that are never mirrored.' });
export type BlockedImage = z.infer<typeof BlockedImage>;

export const Samples = z
  .array(z.strictObject({ name: z.string().describe('Has no effect.').exactOptional() }))
  .describe('Accepted for the sake of older files; has no effect.');
