import { formatResource } from './format-resource.ts';
import { type MirroredImage, mirrorSets } from './mirror-sets.ts';
import { updateServiceUrl } from './update-service.ts';

const SOURCES_HEAD = `# For new clusters: this list belongs into their install-config.yaml, and the CA of the
# registry, if it is a private one, into additionalTrustBundle there.
`;
const UPSTREAM_HEAD = `# For a running cluster whose UpdateService is ready:
#   oc patch clusterversion version --type merge --patch-file clusterversion-upstream.yaml
# The CA of the cluster's router has to be in its cluster-wide proxy's trustedCA.
`;

/**
 * `image-digest-sources.yaml`: where an installer finds releases (spec, releases-helm, section 5). Empty where no
 * release is mirrored.
 * @throws ControllerError REFERENCE_INVALID for a source that is no reference.
 */
export function renderImageDigestSources(images: readonly MirroredImage[]): Map<string, string> {
  const { idms } = mirrorSets(releaseRepositories(images), { scope: 'repository', nested: false });
  const sources = idms.flatMap(({ entries }) => entries);
  if (sources.length === 0) return new Map();
  const text = formatResource({ imageDigestSources: sources });
  return new Map([['image-digest-sources.yaml', `${SOURCES_HEAD}${text}`]]);
}

/** `clusterversion-upstream.yaml`: a patch by which a cluster asks its own UpdateService for updates. */
export function renderClusterVersionUpstream(appsDomain: string): Map<string, string> {
  const text = formatResource({ spec: { upstream: updateServiceUrl(appsDomain) } });
  return new Map([['clusterversion-upstream.yaml', `${UPSTREAM_HEAD}${text}`]]);
}

/** One image of each pair of repositories: the components of a release are hundreds with one source. */
function releaseRepositories(images: readonly MirroredImage[]): MirroredImage[] {
  const pairs = new Map<string, MirroredImage>();
  for (const image of images) {
    if (image.kind !== 'release' && image.kind !== 'release-component') continue;
    const [name = ''] = image.source.split('@');
    const key = `${image.kind} ${name} ${image.place.repository}`;
    if (!pairs.has(key)) pairs.set(key, image);
  }
  return [...pairs.values()];
}
