/** Media types of manifests and layers. Source: OCI image-spec, media-types.md; Docker distribution, manifest v2 schemas. */
export const MEDIA_TYPES = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const;

/** What a client accepts when it asks for a manifest (spec, transfer-engine, 5.7.1). */
export const MANIFEST_ACCEPT: readonly string[] = [
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.dockerSchema1Signed,
  MEDIA_TYPES.dockerSchema1,
  MEDIA_TYPES.dockerList,
  MEDIA_TYPES.ociIndex,
];

const NONDISTRIBUTABLE =
  /^application\/vnd\.(?:docker\.image\.rootfs\.foreign\.diff\.tar(?:\.gzip)?|oci\.image\.layer\.nondistributable\.v1\.tar(?:\+gzip|\+zstd)?)$/;

/** Whether a layer of this type may be left where its URLs point (spec, transfer-engine, 5.8.4). */
export function isNondistributable(mediaType: string): boolean {
  return NONDISTRIBUTABLE.test(mediaType);
}
