import { ControllerError } from '../base/controller-error.ts';

const LABEL = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const LONGEST_LABEL = 63;

/**
 * The first label of the host by which the operator exposes an UpdateService (spec, releases-helm, 4.5, "63-character
 * rule"): with a longer one no route is created.
 * @throws ControllerError SETTINGS_INVALID
 */
export function routeLabel({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace: string;
}): string {
  const label = `${name}-route-${namespace}`;
  if (LABEL.test(label) && label.length <= LONGEST_LABEL) return label;
  throw new ControllerError(
    'SETTINGS_INVALID',
    `the UpdateService ${name} in ${namespace} can have no route: "${label}" has ${label.length} characters, or others than a host name has`,
    {
      remedy: 'wait-for-change',
      hint: `Name, "-route-" and namespace have at most ${LONGEST_LABEL} characters: lower-case letters, digits and "-", a letter first.`,
    },
  );
}
