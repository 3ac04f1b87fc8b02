import { parse } from 'semver';
import { z } from 'zod';
import { closestWord } from '../base/closest-word.ts';
import { PlatformEntries, checkRange, imageReference } from './fields.ts';
import { report, reportDuplicates } from './rule.ts';

const ReleaseVersion = z.string().superRefine((text, context) => {
  if (strictVersion(text) !== undefined) return;
  report(context, {
    message: `"${text.slice(0, 100)}" is no version of a release`,
    hint: 'Write all three numbers, like 4.18.9.',
    stage: 'collect',
  });
});

/** What update services take for a channel (spec, releases-helm, 1.2); an empty name is missing. */
const CHANNEL = /^[0-9a-zA-Z\-.]{0,200}$/;

const ChannelName = z.string().superRefine((text, context) => {
  if (CHANNEL.test(text)) return;
  report(context, {
    message: `"${text.slice(0, 100)}" is no name of a channel`,
    hint: 'Names of channels have letters, digits, "-" and ".", like stable-4.18.',
    stage: 'collect',
  });
});

/** A version, or the tag of a release alone. */
const VERSION = /^v?\d+\.\d+(?:\.\d+)?(?:[-+][\w.+-]*)?$/;

const Payload = imageReference(
  'collect',
  'One release by tag or digest. With it, channels and architectures choose nothing.',
).superRefine((text, context) => {
  if (!VERSION.test(text)) return;
  report(context, {
    message: `"${text.slice(0, 100)}" is a version, and the image of a release is needed here`,
    hint: 'Name the image, like quay.io/openshift-release-dev/ocp-release:4.18.9-x86_64, or write a channel with minVersion and maxVersion.',
    stage: 'collect',
  });
});

/** A channel of the update graph (spec, config-and-outputs, 1.3). */
export const ReleaseChannel = z
  .strictObject({
    name: ChannelName.describe('The channel, e.g. stable-4.18.'),
    type: z.enum(['ocp', 'okd']).describe('ocp (OpenShift, the default) or okd.').exactOptional(),
    minVersion: ReleaseVersion.describe(
      'First release, X.Y.Z. Without it: the last release alone or, if there is a maxVersion, the first of the channel.',
    ).exactOptional(),
    maxVersion: ReleaseVersion.describe(
      'Last release, X.Y.Z. Without it: the last of the channel.',
    ).exactOptional(),
    shortestPath: z
      .boolean()
      .describe('Only the releases of the shortest update path from minVersion to maxVersion.')
      .exactOptional(),
    full: z
      .boolean()
      .describe('Without versions: every release of the channel instead of the last one.')
      .exactOptional(),
    allowNotRecommended: z
      .boolean()
      .describe('Count updates that are recommended only under conditions. An extension.')
      .exactOptional(),
  })
  .superRefine((channel, context) => {
    checkRange(channel, strictVersion, context);
  });
export type ReleaseChannel = z.infer<typeof ReleaseChannel>;

/** What update services know releases for, in Go's naming (spec, releases-helm, 1.8). */
const ARCHITECTURES = ['amd64', 'arm64', 'ppc64le', 's390x', 'multi'];
/** As tags of releases and machines themselves call them. */
const OTHER_NAMES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

const ReleaseArchitecture = z.string().superRefine((text, context) => {
  if (ARCHITECTURES.includes(text)) return;
  const meant = OTHER_NAMES[text] ?? closestWord(text, ARCHITECTURES);
  report(context, {
    message: `there are no releases for the architecture "${text.slice(0, 100)}"`,
    hint:
      meant === undefined
        ? `Write one of: ${ARCHITECTURES.join(', ')}.`
        : `did you mean "${meant}"?`,
    stage: 'collect',
  });
});

/** Releases (spec, config-and-outputs, 1.3). */
export const PlatformContent = z
  .strictObject({
    graph: z
      .boolean()
      .describe('Build and mirror the update graph image, and write an UpdateService.')
      .exactOptional(),
    channels: z
      .array(ReleaseChannel)
      .superRefine((channels, context) => {
        const finding = { what: 'release channel', list: 'channels', field: 'name' };
        reportDuplicates(context, channels, ({ name }) => name, finding);
      })
      .describe('Release channels to mirror from.')
      .exactOptional(),
    architectures: z
      .array(ReleaseArchitecture)
      .describe('Architectures of the releases; amd64 without it. Not together with platforms.')
      .exactOptional(),
    platforms: PlatformEntries.exactOptional(),
    release: Payload.exactOptional(),
    kubeVirtContainer: z
      .boolean()
      .describe('Mirror the KubeVirt container image that the release names, too.')
      .exactOptional(),
  })
  .superRefine(({ platforms = [], architectures = [] }, context) => {
    if (platforms.length === 0 || architectures.length === 0) return;
    report(context, {
      message: 'platforms and architectures cannot be used together',
      hint: 'Keep platforms; architectures is the older of the two.',
      stage: 'load',
      path: ['architectures'],
    });
  })
  .meta({ id: 'PlatformContent', description: 'Releases of OpenShift or OKD.' });
export type PlatformContent = z.infer<typeof PlatformContent>;

/** Release versions are strict, unlike those of operators (spec, config-and-outputs, 1.3). */
function strictVersion(text: string): string | undefined {
  return /^\d/.test(text) ? parse(text)?.raw : undefined;
}
