import { z } from 'zod';
import { parseChallenges } from '../auth/parse-challenges.ts';
import { HttpFailure, type HttpFailureOptions } from './http-failure.ts';
import { type Answer, discard } from './exchange.ts';
import { headerOf } from './header-of.ts';
import { readLimited } from './read-limited.ts';
import { redact } from './redact.ts';
import { parseRetryAfter } from './retry.ts';
import { withoutQueries } from './without-queries.ts';
import type { ErrorCode } from '../../base/controller-error.ts';

/** Most of a server's words in a message, characters. */
const MOST_TEXT = 1024;
const MOST_BODY = 1024 * 1024;
/** Scopes as registries write them; anything else is not repeated. */
const SCOPE = /^[\w:/.,*\- ]{1,512}$/;

/** `MANIFEST_BLOB_UNKNOWN`, as `wordsOf` writes it (OCI distribution-spec, "Error Codes"). */
const BLOB_UNKNOWN = /\bmanifest blob unknown\b/;

const ErrorBody = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })),
});
/** What token servers and gateways say instead. */
const PlainBody = z.object({
  message: z.string().optional(),
  details: z.string().optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
  // Update services: {"kind":"invalid_params","value":"…"} (spec, releases-helm, 1.2).
  kind: z.string().optional(),
  value: z.string().optional(),
});

export interface StatusContext {
  /** What a person can do about a 401 or a 403. */
  readonly credentialHint: string;
  /** What must not be repeated, should the server echo it. */
  readonly secrets: readonly string[];
  /** Whether a 401 may only mean that a token expired on the way. */
  readonly isOldToken?: boolean;
}

/** An answer that nobody expected, as a failure; reads its body. */
export async function statusFailure(answer: Answer, context: StatusContext): Promise<HttpFailure> {
  const { status, url } = answer;
  const text = await readText(answer, context.secrets);
  const { code, hint, ...rest } = classify(answer, context);
  const words = text === '' ? '' : `: ${text}`;
  // docker-registry 2.8 does not see a blob while somebody else writes that it is in the repository.
  const isPassing = BLOB_UNKNOWN.test(text);
  return new HttpFailure(code, `${url.host} answered ${status}${words}`, {
    ...rest,
    ...(isPassing ? { remedy: 'retry-later' as const } : {}),
    ...(hint === undefined ? {} : { hint }),
  });
}

type Classified = Pick<HttpFailureOptions, 'remedy' | 'again' | 'waitMs'> & {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
};

function classify(
  { status, url, headers, isElsewhere }: Answer,
  { credentialHint, isOldToken = false }: StatusContext,
): Classified {
  const final = { remedy: 'wait-for-change', again: false } as const;
  const passing = {
    remedy: 'retry-later',
    again: true,
    waitMs: parseRetryAfter(headerOf(headers, 'retry-after'), Date.now()),
  } as const;
  if (isElsewhere && (status === 401 || status === 403)) {
    const hint = `The registry redirected to ${url.host}, where its credentials are not sent; its storage has to accept the links that it signs.`;
    return { code: status === 401 ? 'REGISTRY_UNAUTHORIZED' : 'REGISTRY_DENIED', ...final, hint };
  }
  if (status === 401) {
    const remedy = isOldToken ? 'retry-later' : 'wait-for-change';
    const lacking = isOldToken ? undefined : lackingScope(headers);
    const hint =
      lacking === undefined
        ? credentialHint
        : `The token does not grant what is needed here (${lacking}). ${credentialHint}`;
    return { code: 'REGISTRY_UNAUTHORIZED', remedy, again: false, hint };
  }
  if (status === 403) return { code: 'REGISTRY_DENIED', ...final, hint: credentialHint };
  if (status === 404) {
    return {
      code: 'REGISTRY_NOT_FOUND',
      ...final,
      hint: 'Check the name; some registries also answer so where the credentials do not reach.',
    };
  }
  if (status === 429) {
    return {
      code: 'REGISTRY_RATE_LIMITED',
      ...passing,
      hint: `Log in to ${url.host} for a higher limit, or lower the number of parallel transfers.`,
    };
  }
  if (status === 408 || status === 425)
    return { code: 'REGISTRY_REFUSED', ...passing, hint: 'Try again later.' };
  if (status >= 500) {
    return {
      code: 'REGISTRY_BROKEN',
      ...passing,
      hint: `Try again later. If ${url.host} is yours, look at its logs; what stands before it may also have answered.`,
    };
  }
  if (status === 405) {
    const hint = `Check that ${url.host} may be written to; one that is read-only or a cache of another answers so.`;
    return { code: 'REGISTRY_REFUSED', ...final, hint };
  }
  if (status >= 400) return { code: 'REGISTRY_REFUSED', ...final, hint: undefined };
  return { code: 'REGISTRY_BROKEN', ...final, hint: `Check that ${url.host} is a registry.` };
}

/** What a token would have to grant, where the registry says that it is this and not the credential (RFC 6750, section 3). */
function lackingScope(headers: Answer['headers']): string | undefined {
  const challenges = parseChallenges([headers['www-authenticate'] ?? []].flat());
  const insufficient = challenges.find(
    ({ parameters }) => parameters.get('error') === 'insufficient_scope',
  );
  const scope = insufficient?.parameters.get('scope');
  return scope !== undefined && SCOPE.test(scope) ? scope : undefined;
}

async function readText(answer: Answer, secrets: readonly string[]): Promise<string> {
  // Where a registry can send us is not always a place whose words it may read through our messages.
  if (answer.isElsewhere) {
    await discard(answer.body);
    return '';
  }
  let body: string;
  try {
    body = new TextDecoder().decode(await readLimited(answer, MOST_BODY));
  } catch {
    return '';
  }
  const text = withoutQueries(redact(wordsOf(body), secrets));
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}

/** `manifest unknown: manifest tagged by "x" is not found` (spec, transfer-engine, 5.1.6); pages of HTML say nothing. */
function wordsOf(body: string): string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return '';
  }
  const errors = ErrorBody.safeParse(json);
  if (errors.success) {
    return errors.data.errors
      .slice(0, 5)
      .map(({ code, message }) =>
        [code?.toLowerCase().replaceAll('_', ' '), message].filter(Boolean).join(': '),
      )
      .join('; ');
  }
  const plain = PlainBody.safeParse(json);
  if (!plain.success) return '';
  const { message, details, error, error_description: description, kind, value } = plain.data;
  return [error ?? kind, description ?? message ?? details ?? value].filter(Boolean).join(': ');
}
