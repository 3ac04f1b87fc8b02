import { validate } from 'node-cron';
import { z } from 'zod';
import { ControllerError } from '../base/controller-error.ts';
import { parseDestination } from '../oci/destination.ts';
import { parseReference } from '../oci/reference.ts';
import { parseDuration } from './duration.ts';
import { repositoryPathParts } from './repository-path.ts';

type RuleContext = Pick<z.core.$RefinementCtx, 'addIssue'>;

/** Reports what a rule of the settings found. */
export function refuse(
  context: RuleContext,
  message: string,
  hint: string,
  path: readonly (string | number)[] = [],
): void {
  context.addIssue({ code: 'custom', message, path: [...path], params: { hint } });
}

/** A Git repository. The Git room reads the address; here it matters that no secret is in it. */
export const GitUrl = z.string().superRefine((url, context) => {
  const hasSecret = URL.canParse(url) && (new URL(url).password !== '' || url.includes('?'));
  if (hasSecret) {
    const hint = 'Write the secret to a file and name it in passwordFile or tokenFile.';
    refuse(context, 'the URL has a password or a query in it', hint);
  }
  if (/\s/.test(url) || url.startsWith('-')) {
    refuse(context, 'this is no URL of a Git repository', 'Remove the space or the leading "-".');
  }
});

export const GitBranch = z.string().superRefine((branch, context) => {
  // The Git room knows all rules; these are the slips.
  if (!/[\s~^:?*[\\]|\.\.|^-|^refs\//.test(branch)) return;
  const hint = 'Write the short name, e.g. main.';
  refuse(context, `"${branch.slice(0, 100)}" is no name of a branch`, hint);
});

export const HttpUrl = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    refuse(context, 'this is no http or https URL', 'Write it like https://host.example.com/path.');
    return;
  }
  if (url.username !== '' || url.password !== '') {
    refuse(context, 'the URL has a user or a password in it', 'Remove them.');
  }
});

/** An image of a registry. */
export const ImageName = z.string().superRefine((text, context) => {
  const hint = 'Write it like registry.example.com/ubi9/ubi:latest.';
  try {
    if (parseReference(text).kind === 'registry') return;
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
  }
  // The text is not repeated: what stands before an @ may be a password.
  refuse(context, 'this is no image of a registry', hint);
});

export const DestinationText = z.string().superRefine((text, context) => {
  if (text.includes('@')) {
    // The text is not repeated: what stands before an @ may be a password.
    const hint =
      'Write docker://HOST[:PORT][/PATH]; credentials of registries come from auth.json.';
    refuse(context, 'the destination has a user or a digest in it', hint);
    return;
  }
  try {
    parseDestination(text);
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
    refuse(context, error.message, error.hint ?? '');
  }
});

export const RepositoryPath = z.string().superRefine((path, context) => {
  if (repositoryPathParts(path) !== undefined) return;
  const hint = 'Write it relative to the root of the repository, without "..", e.g. clusters/prod.';
  refuse(context, `"${path.slice(0, 200)}" is no path inside a repository`, hint);
});

/** In commit subjects, trailers, file names and metrics: so it is short and plain. */
export const MirrorName = z.string().superRefine((name, context) => {
  if (/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) return;
  const hint = 'Use at most 63 lower-case letters, digits, "-" and ".", e.g. prod-eu.';
  refuse(context, `"${name.slice(0, 100)}" is no name for a mirror`, hint);
});

/** The name of a Secret of a cluster. Source: Kubernetes, "Object Names and IDs", DNS subdomain names. */
export const SecretName = z.string().superRefine((name, context) => {
  const isLabel = (text: string): boolean => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(text);
  if (name.length <= 253 && name.split('.').every(isLabel)) return;
  const hint =
    'Write the name that the Secret has in openshift-marketplace: lower-case letters, digits, "-" and ".".';
  // The text is not repeated: it may be the secret itself.
  refuse(context, 'this is no name of a Secret', hint);
});

/** A host has 253 characters, the label before the domain and its dot up to 64 of them. */
const LONGEST_DOMAIN = 189;

/** The domain of a cluster's routes, to which one label is added. Source: RFC 1123, 2.1. */
export const AppsDomain = z.string().superRefine((domain, context) => {
  const isLabel = (text: string): boolean => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
  if (domain.length <= LONGEST_DOMAIN && domain.split('.').every(isLabel)) return;
  const hint = 'Write it like apps.cluster.example.com: without https:// and without "*.".';
  refuse(context, `"${domain.slice(0, 100)}" is no domain`, hint);
});

export const Duration = z.string().superRefine((text, context) => {
  if (parseDuration(text) !== undefined) return;
  const hint = 'Write it like 0s, 90m, 24h or 7d.';
  refuse(context, `"${text.slice(0, 100)}" is no duration`, hint);
});

export const CronExpression = z.string().superRefine((text, context) => {
  if (text.length < 200 && validate(text)) return;
  const hint = 'Write five fields, in UTC: minute, hour, day of month, month, day of week.';
  refuse(context, `"${text.slice(0, 100)}" is no cron expression`, hint);
});

/** What stands for a schedule that never comes. */
export const NEVER = 'never';

export const OptionalSchedule = z.union([z.literal(NEVER), CronExpression], {
  error: 'this is no cron expression, and not "never"',
});

/** A hash of a plan, as `plan` prints it. */
export const PlanHash = z.string().superRefine((text, context) => {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return;
  const hint = 'Copy it from the plan: sha256: and 64 hexadecimal digits.';
  refuse(context, 'this is no hash of a plan', hint);
});

/** One line without control characters, since it goes into a commit. */
export const PersonText = z.string().superRefine((text, context) => {
  // eslint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f<>]/.test(text)) return;
  refuse(context, 'this text has a line break, "<" or ">" in it', 'Remove it.');
});
