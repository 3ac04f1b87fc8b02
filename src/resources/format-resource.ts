import { stringify } from 'yaml';

/**
 * A cluster resource as YAML in the form of the reference tool: keys sorted, lists not indented (spec,
 * config-and-outputs, 4.1). The same resource gives the same bytes.
 */
export function formatResource(resource: object): string {
  return stringify(resource, {
    lineWidth: 0,
    indentSeq: false,
    sortMapEntries: true,
    // Kubernetes reads YAML 1.1, where `on` is a boolean: what is ambiguous there is quoted.
    version: '1.1',
    aliasDuplicateObjects: false,
  });
}
