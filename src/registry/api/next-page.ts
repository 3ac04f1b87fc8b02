import { ControllerError } from '../../base/controller-error.ts';
import type { RegistryResponse } from '../registry-transport.ts';
import type { Repository } from './repository.ts';

/**
 * The next page of a list, from `Link: <url>; rel="next"`, as a path of the same host; undefined where there
 * is none (spec, transfer-engine, 5.11.2).
 * @throws ControllerError REGISTRY_BROKEN for a link to another host.
 */
export function nextPage(repository: Repository, response: RegistryResponse): string | undefined {
  const target = /<([^<>]*)>[^<]*?;\s*rel\s*=\s*"?next\b/i.exec(response.header('link') ?? '')?.[1];
  if (target === undefined) return undefined;
  const url = URL.parse(target, response.url);
  if (url?.host === new URL(response.url).host) return `${url.pathname}${url.search}`;
  throw new ControllerError(
    'REGISTRY_BROKEN',
    `${repository.name} continues a list at another host (${url?.host ?? 'not a URL'})`,
    {
      remedy: 'wait-for-change',
      hint: `Look at the external URL that ${repository.host} is configured with.`,
    },
  );
}
