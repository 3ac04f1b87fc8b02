import { z } from 'zod';
import { compareText } from '../base/compare-text.ts';
import { readYaml } from '../base/yaml-document.ts';
import { type Digest, digestOf, digestTag } from '../oci/digest.ts';
import { formatResource } from './format-resource.ts';
import type { ResourceKind } from './render-resources.ts';

/** The signature of a payload that is at the destination. */
export interface PublishedSignature {
  /** The payload's tag: what the order of the signatures follows. */
  readonly release: string;
  readonly payload: Digest;
  /** An OpenPGP message, as the signature store has it. */
  readonly bytes: Uint8Array;
}

/**
 * How much of signatures one ConfigMap has, as JSON: `oc apply` and Argo CD keep a resource a second time in an
 * annotation, and annotations have at most 256 KiB. It is enough for about 180 signatures.
 */
const MAP_LIMIT_BYTES = 240_000;
/** What a signature store may serve (spec, releases-helm, 3.3). */
const SIGNATURE_LIMIT_BYTES = 50 * 1024;

/**
 * The signatures of releases as a cluster looks for them, by file name (spec, releases-helm, 3.5):
 * `signature-configmap.yaml` and, where one ConfigMap could not be applied, `signature-configmap-2.yaml` and so on.
 * One entry for each payload, in the order of the releases; nothing where there is no signature.
 * @param options `json`: the same objects in JSON too, as the reference tool writes them.
 */
export function renderSignatureConfigMaps(
  signatures: readonly PublishedSignature[],
  { json }: { readonly json: boolean },
): Map<string, string> {
  const files = new Map<string, string>();
  for (const [index, binaryData] of dividedData(signatures).entries()) {
    const suffix = index === 0 ? '' : `-${index + 1}`;
    const resource = configMap(`mirrored-release-signatures${suffix}`, binaryData);
    if (json) files.set(`signature-configmap${suffix}.json`, JSON.stringify(resource));
    files.set(`signature-configmap${suffix}.yaml`, formatResource(resource));
  }
  return files;
}

/**
 * The signatures that one of these files has, by the digest of their bytes. What cannot be read is left out: whoever needs
 * it has to find it elsewhere. Nothing is verified.
 */
export function readSignatureConfigMap(text: string): Map<Digest, Uint8Array> {
  const found = new Map<Digest, Uint8Array>();
  for (const { value } of readYaml('signature-configmap.yaml', text).documents) {
    const parsed = SignatureConfigMap.safeParse(value);
    for (const encoded of Object.values(parsed.data?.binaryData ?? {})) {
      const bytes = decode(encoded);
      if (bytes !== undefined) found.set(digestOf(bytes), bytes);
    }
  }
  return found;
}

/** Keys and values of each ConfigMap; the number at the end of a key counts over all of them. */
function dividedData(signatures: readonly PublishedSignature[]): Record<string, string>[] {
  const sorted = signatures.toSorted(
    (a, b) => compareText(a.release, b.release) || compareText(a.payload, b.payload),
  );
  const byPayload = new Map<Digest, Uint8Array>();
  for (const { payload, bytes } of sorted) {
    if (!byPayload.has(payload)) byPayload.set(payload, bytes);
  }
  const maps: Record<string, string>[] = [];
  let room = 0;
  for (const [index, [payload, bytes]] of [...byPayload].entries()) {
    const key = `${digestTag(payload)}-${index + 1}`;
    const value = Buffer.from(bytes).toString('base64');
    const needed = JSON.stringify({ [key]: value }).length;
    if (maps.length === 0 || needed > room) {
      maps.push({});
      room = MAP_LIMIT_BYTES;
    }
    Object.assign(maps.at(-1) ?? {}, { [key]: value });
    room -= needed;
  }
  return maps;
}

/** With its fields in the order in which the reference tool writes them to JSON; in YAML they are sorted anyway. */
function configMap(name: string, binaryData: Readonly<Record<string, string>>): object {
  const sorted = Object.entries(binaryData).sort(([a], [b]) => compareText(a, b));
  return {
    kind: 'ConfigMap' satisfies ResourceKind,
    apiVersion: 'v1',
    metadata: {
      name,
      namespace: 'openshift-config-managed',
      labels: { 'release.openshift.io/verification-signatures': '' },
    },
    binaryData: Object.fromEntries(sorted),
  };
}

const SignatureConfigMap = z.object({
  kind: z.literal('ConfigMap'),
  apiVersion: z.literal('v1'),
  binaryData: z.record(z.string(), z.unknown()),
});

/** Strict, since what a signature is told by is the digest of its bytes. */
function decode(encoded: unknown): Uint8Array | undefined {
  if (typeof encoded !== 'string') return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const isWhole = bytes.length > 0 && bytes.toString('base64') === encoded;
  return isWhole && bytes.length <= SIGNATURE_LIMIT_BYTES ? new Uint8Array(bytes) : undefined;
}
