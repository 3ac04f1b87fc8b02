import { z } from 'zod';
import type { HostAccess } from '../registry-transport.ts';

const Payload = z.object({
  access: z.array(
    z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()).nullish() }),
  ),
});

/**
 * What a token says about deleting in a repository: registries' own tokens are JWTs with an `access` claim.
 * `no` only where deleting was asked for. The signature is the registry's business: this is for messages.
 */
export function mayDeleteBy(
  token: string,
  repository: string,
  scopes: readonly string[],
): HostAccess['mayDelete'] {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return 'unknown';
  }
  const payload = Payload.safeParse(json);
  if (!payload.success) return 'unknown';
  const actions = payload.data.access
    .filter(({ type, name }) => type === 'repository' && name === repository)
    .flatMap((access) => access.actions ?? []);
  if (actions.includes('*') || actions.includes('delete')) return 'yes';
  const prefix = `repository:${repository}:`;
  const asked = scopes.some(
    (scope) =>
      scope.startsWith(prefix) && /^(?:.*,)?(?:\*|delete)(?:,|$)/.test(scope.slice(prefix.length)),
  );
  return asked ? 'no' : 'unknown';
}
