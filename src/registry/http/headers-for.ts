import { userAgent } from './user-agent.ts';

/** The headers of a request to a registry: the caller's and those that every request has. */
export function headersFor(own: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {
    'user-agent': userAgent,
    'docker-distribution-api-version': 'registry/2.0',
  };
  // Credentials are this side's business alone.
  for (const [name, value] of Object.entries(own)) {
    if (name.toLowerCase() !== 'authorization') headers[name.toLowerCase()] = value;
  }
  return headers;
}
