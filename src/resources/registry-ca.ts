import { X509Certificate } from 'node:crypto';
import { ControllerError } from '../base/controller-error.ts';
import { formatBytes } from '../base/format-bytes.ts';
import { formatResource } from './format-resource.ts';
import type { ResourceKind } from './render-resources.ts';

/** The certificates by which a cluster trusts the destination. */
export interface RegistryCA {
  /** The key of nodes: the host, its port behind `..`. */
  readonly hostKey: string;
  /** PEM, nothing but certificates. */
  readonly certificates: string;
}

/** It is in the ConfigMap twice and, applied, in an annotation again, of which a resource has 256 KiB. */
const LIMIT_BYTES = 100 * 1024;
/** What keys of a ConfigMap may be: of hosts, an address of IPv6 is none. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const BOUNDARY = /^-----(BEGIN|END) ([^-]+)-----$/;
const CERTIFICATE = 'CERTIFICATE';

/**
 * Checks the file that `resources.registryCAFile` names. What stands around the certificates is left out.
 * @param host the destination's, with its port.
 * @throws ControllerError SETTINGS_INVALID
 */
export function readRegistryCA(file: string, text: string, host: string): RegistryCA {
  const fail = (what: string, hint: string): ControllerError =>
    new ControllerError('SETTINGS_INVALID', `resources.registryCAFile ${file} ${what}`, {
      remedy: 'wait-for-change',
      hint,
    });
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMIT_BYTES) {
    const hint = 'Name a file with the CA of this registry alone, not the bundle of a system.';
    throw fail(`has ${formatBytes(bytes)}, more than ${formatBytes(LIMIT_BYTES)}`, hint);
  }
  const hostKey = host.replace(/:(?=[0-9]+$)/, '..');
  if (!KEY.test(hostKey)) {
    const hint = 'Give the registry a name in DNS, or leave registryCAFile out.';
    throw fail(`cannot be used for ${host}: a cluster knows registries by name alone here`, hint);
  }
  const blocks = pemBlocks(text);
  // The file itself is not repeated: it may be a key.
  if (blocks.some(({ label }) => label.includes('PRIVATE KEY'))) {
    const hint =
      'Name a file with certificates alone: what is in it goes to Git and to the clusters.';
    throw fail('has a private key in it', hint);
  }
  const other = blocks.find(({ label }) => label !== CERTIFICATE);
  if (other !== undefined) {
    const hint = 'Keep the blocks that begin with -----BEGIN CERTIFICATE-----.';
    throw fail(`has a block ${other.label.slice(0, 40)}, which is no certificate`, hint);
  }
  if (blocks.length === 0) {
    const hint =
      'It begins with -----BEGIN CERTIFICATE-----; `openssl x509 -inform der` makes it of other forms.';
    throw fail('has no certificate in PEM form', hint);
  }
  const certificates = blocks.map(({ text: block }, index) => {
    const certificate = parseCertificate(block);
    if (certificate !== undefined) return certificate.toString();
    throw fail(`has a certificate that cannot be read, number ${index + 1}`, 'Write it anew.');
  });
  return { hostKey, certificates: certificates.join('') };
}

/**
 * `registry-ca-configmap.yaml` (spec, releases-helm, 4.5): for the UpdateService and, under the name of the host, for
 * nodes. A cluster heeds it once its `image.config.openshift.io` names it in `spec.additionalTrustedCA`.
 */
export function renderRegistryCA({ hostKey, certificates }: RegistryCA): Map<string, string> {
  const resource = {
    apiVersion: 'v1',
    kind: 'ConfigMap' satisfies ResourceKind,
    metadata: { name: 'imageset-registry-ca', namespace: 'openshift-config' },
    data: { 'updateservice-registry': certificates, [hostKey]: certificates },
  };
  return new Map([['registry-ca-configmap.yaml', formatResource(resource)]]);
}

interface PemBlock {
  readonly label: string;
  /** With its boundaries. */
  readonly text: string;
}

/** One that does not end is one too: what is in it must not pass for text beside certificates. */
function pemBlocks(text: string): PemBlock[] {
  const blocks: { label: string; lines: string[] }[] = [];
  let isOpen = false;
  for (const line of text.split(/\r?\n/)) {
    const [, boundary, label = ''] = BOUNDARY.exec(line.trim()) ?? [];
    if (boundary === 'BEGIN') blocks.push({ label, lines: [] });
    if (boundary === 'BEGIN' || isOpen) blocks.at(-1)?.lines.push(line.trim());
    if (boundary !== undefined) isOpen = boundary === 'BEGIN';
  }
  return blocks.map(({ label, lines }) => ({ label, text: `${lines.join('\n')}\n` }));
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
