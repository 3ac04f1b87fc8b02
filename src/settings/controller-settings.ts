import { z } from 'zod';
import { Digest } from '../oci/digest.ts';
import { isNested, repositoryPathParts } from './repository-path.ts';
import {
  AppsDomain,
  CronExpression,
  DestinationText,
  Duration,
  GitBranch,
  GitUrl,
  HttpUrl,
  ImageName,
  MirrorName,
  OptionalSchedule,
  PersonText,
  PlanHash,
  RepositoryPath,
  SecretName,
  refuse,
} from './setting-fields.ts';

export const SETTINGS_VERSION = 'imageset-controller/v1alpha1';
export const SETTINGS_KIND = 'ControllerSettings';

const filePath = (what: string): z.ZodExactOptional<z.ZodString> =>
  z.string().describe(`A file with ${what}; it is read when it is needed.`).exactOptional();

const credentialFields = {
  username: PersonText.describe(
    'The user for https; servers with tokens take any.',
  ).exactOptional(),
  passwordFile: filePath('the password, for https'),
  tokenFile: filePath('an access token, for https'),
  sshKeyFile: filePath('the private key, for ssh'),
  knownHostsFile: filePath('the host keys of the server, for ssh'),
  caFile: filePath('certificates that https trusts beside those of the system'),
};

function checkCredentials(
  value: { readonly passwordFile?: string; readonly tokenFile?: string },
  context: Pick<z.core.$RefinementCtx, 'addIssue'>,
): void {
  if (value.passwordFile === undefined || value.tokenFile === undefined) return;
  refuse(context, 'passwordFile and tokenFile exclude each other', 'Keep one.', ['tokenFile']);
}

const Source = z
  .strictObject({
    url: GitUrl.describe('The repository with the image sets: https, ssh, file or a path.'),
    branch: GitBranch.default('main').describe('The branch that is followed.'),
    ...credentialFields,
  })
  .superRefine(checkCredentials)
  .describe('Where image sets come from.');

const Manifests = z
  .strictObject({
    url: GitUrl.describe(
      'The repository for the results; default: that of the source.',
    ).exactOptional(),
    branch: GitBranch.default('manifests').describe('The branch that is written.'),
    author: z
      .strictObject({
        name: PersonText.default('imageset-controller').describe('The name.'),
        email: PersonText.default('imageset-controller@localhost').describe('The address.'),
      })
      .prefault({})
      .describe('The author of the commits.'),
    ...credentialFields,
  })
  .superRefine(checkCredentials)
  .prefault({})
  .describe('Where cluster resources and locks go. Credentials default to those of the source.');

const Deletion = z
  .strictObject({
    policy: z
      .enum(['explicit', 'prune'])
      .default('explicit')
      .describe(
        'explicit: only what a DeleteImageSetConfiguration names; prune: also what nobody wants.',
      ),
    maxImages: z.int().min(0).default(50).describe('More deletes in one pass are held.'),
    maxShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe('From ten deletes on: more than this share of the images is held.'),
    grace: Duration.default('0s').describe(
      'Time between the commit that stops naming an image and its delete.',
    ),
    superseded: z
      .boolean()
      .default(false)
      .describe('Let prune take what a newer version replaced without a change of the files.'),
    approvedPlan: PlanHash.describe('The hash of a plan that may exceed the caps.').exactOptional(),
  })
  .prefault({})
  .describe('What is deleted, and how much at once.');

/** Kinds of generated resources that a cluster may not know. */
export const OmittedKind = z.enum([
  'ImageDigestMirrorSet',
  'ImageTagMirrorSet',
  'CatalogSource',
  'ClusterCatalog',
  'UpdateService',
]);

const Resources = z
  .strictObject({
    scope: z
      .enum(['namespace', 'repository'])
      .default('namespace')
      .describe('How much of a registry one entry of a mirror set covers.'),
    omit: z.array(OmittedKind).default([]).describe('Kinds that are not written.'),
    argocd: z.boolean().default(false).describe('Add what helps Argo CD to apply them.'),
    catalogSource: z
      .strictObject({
        secrets: z
          .array(SecretName)
          .default([])
          .describe('Secrets in openshift-marketplace that every CatalogSource is pulled with.'),
      })
      .prefault({})
      .describe('What every CatalogSource has.'),
    registryCAFile: filePath('the CA certificates of the destination, for clusters to trust'),
    appsDomain: AppsDomain.describe(
      'The domain of the routes of the cluster, for the patch that points it to its UpdateService.',
    ).exactOptional(),
  })
  .prefault({})
  .describe('The cluster resources.');

const Mirror = z
  .strictObject({
    name: MirrorName.describe('A short name, for commits, metrics and --mirror.'),
    paths: z
      .array(RepositoryPath)
      .min(1, { error: 'name at least one path' })
      .default(['.'])
      .describe('Files and folders of the source branch; folders are searched to any depth.'),
    destination: DestinationText.describe('docker://HOST[:PORT][/PATH].'),
    output: RepositoryPath.default('.').describe(
      'The folder of the manifests branch. It belongs to this mirror alone.',
    ),
    deletion: Deletion,
    maxNestedPaths: z.int().min(0).default(0).describe('Fold deeper repository paths; 0: never.'),
    removeSignatures: z.boolean().default(false).describe('Do not copy signatures of images.'),
    ociRoot: z
      .string()
      .describe('The folder that oci:// references are read below; without it they are refused.')
      .exactOptional(),
    resources: Resources,
  })
  .describe('One destination and what it should hold.');

const okdFields = {
  graphUrl: HttpUrl.describe('The update graph.').exactOptional(),
  signatureUrl: HttpUrl.describe('Where signatures of releases are.').exactOptional(),
  keysFile: filePath('the public keys of release signatures'),
};

const Releases = z
  .strictObject({
    ...okdFields,
    graphDataUrl: HttpUrl.describe('The archive of the graph data.').exactOptional(),
    graphBase: ImageName.describe('The base of the graph image.').exactOptional(),
    unsigned: z
      .array(Digest)
      .default([])
      .describe('Digests of releases that are taken without a signature.'),
    okd: z.strictObject(okdFields).prefault({}).describe('The same for OKD.'),
  })
  .prefault({})
  .describe('Where releases and their signatures come from.');

const Schedule = z
  .strictObject({
    poll: CronExpression.default('* * * * *').describe('When the branches are looked at.'),
    resync: OptionalSchedule.default('0 3 * * *').describe(
      'When tags, channels and catalogs are looked up again; or never.',
    ),
    verify: OptionalSchedule.default('0 4 * * 0').describe(
      'When the registry is compared with the lock; or never.',
    ),
  })
  .prefault({})
  .describe('Cron expressions, in UTC.');

/** The settings file (design.md, section 6). Only the source's url and a mirror's name and destination have no default. */
export const ControllerSettings = z
  .strictObject({
    apiVersion: z.literal(SETTINGS_VERSION),
    kind: z.literal(SETTINGS_KIND),
    source: Source,
    manifests: Manifests,
    schedule: Schedule,
    mirrors: z
      .array(Mirror)
      .min(1, { error: 'describe at least one mirror' })
      .describe('The mirrors.'),
    releases: Releases,
    transfer: z
      .strictObject({
        parallelImages: z.int().min(1).max(256).default(8).describe('Images copied at once.'),
        parallelBlobs: z.int().min(1).max(1024).default(16).describe('Blobs copied at once.'),
      })
      .prefault({})
      .describe('How much is copied at once.'),
  })
  .superRefine((settings, context) => {
    checkBranches(settings, context);
    checkMirrors(settings.mirrors, context);
  })
  .meta({ title: SETTINGS_KIND, description: 'Settings of imageset-controller.' });
export type ControllerSettings = z.infer<typeof ControllerSettings>;

type RuleContext = Pick<z.core.$RefinementCtx, 'addIssue'>;

/** The manifests branch is never the source branch (design.md, section 4). */
function checkBranches(
  { source, manifests }: Pick<ControllerSettings, 'source' | 'manifests'>,
  context: RuleContext,
): void {
  const isOneRepository =
    manifests.url === undefined || comparableUrl(manifests.url) === comparableUrl(source.url);
  if (!isOneRepository || manifests.branch !== source.branch) return;
  const message = `the manifests branch is the source branch "${source.branch}"`;
  const hint = 'Give the manifests a branch, or a repository, of their own.';
  refuse(context, message, hint, ['manifests', 'branch']);
}

function comparableUrl(url: string): string {
  const text = URL.canParse(url) ? withoutUser(new URL(url)) : url;
  return text.replace(/\/+$/, '').replace(/\.git$/, '');
}

function withoutUser(url: URL): string {
  url.username = '';
  return url.href;
}

function checkMirrors(mirrors: ControllerSettings['mirrors'], context: RuleContext): void {
  for (const [index, mirror] of mirrors.entries()) {
    const earlier = mirrors.slice(0, index);
    if (earlier.some(({ name }) => name === mirror.name)) {
      const hint = 'Every mirror needs a name of its own.';
      const path = ['mirrors', index, 'name'];
      refuse(context, `duplicate mirror "${mirror.name}"`, hint, path);
    }
    const other = earlier.find(({ output }) =>
      isNested(repositoryPathParts(output) ?? [], repositoryPathParts(mirror.output) ?? []),
    );
    if (other === undefined) continue;
    const message = `the output "${mirror.output}" and the output "${other.output}" of mirror "${other.name}" share a folder`;
    const hint = 'Give each mirror a folder of its own, side by side, e.g. clusters/NAME.';
    refuse(context, message, hint, ['mirrors', index, 'output']);
  }
}
