/** Where signatures of OpenShift releases are (spec, releases-helm, 3.2). */
export const OCP_SIGNATURE_URL =
  'https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release/';

/** Where signatures of OKD releases are (spec, releases-helm, 3.4). */
export const OKD_SIGNATURE_URL =
  'https://storage.googleapis.com/openshift-ci-release/releases/signatures/openshift/release/';
