/** What identifies us to a registry. */
export type Credential =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An OAuth refresh token, exchanged at the registry's token server. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

export interface FoundCredential {
  readonly credential: Credential;
  /** Where it came from, for people: `/run/containers/0/auth.json, key quay.io/team`; `anonymous`. */
  readonly origin: string;
  /** Where it was looked for. */
  readonly looked: readonly string[];
}

/** Texts that must never be shown for this credential. */
export function secretsOf(credential: Credential): string[] {
  switch (credential.kind) {
    case 'anonymous':
      return [];
    case 'password':
      return [credential.password, encodeBasic(credential.username, credential.password)];
    case 'identity-token':
    case 'bearer':
      return [credential.token];
    default:
      return credential satisfies never;
  }
}

export function encodeBasic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
