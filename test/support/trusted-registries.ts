import { makeCertificateAuthority } from './certificates.ts';
import type { MirrorSite } from './mirror-site.ts';
import { type TestRegistry, startTestRegistry } from './test-registry.ts';

export interface TrustedRegistries extends AsyncDisposable {
  readonly source: TestRegistry;
  readonly destination: TestRegistry;
}

/** Two registries with TLS, of an authority that the site trusts. */
export async function startTrustedRegistries(site: MirrorSite): Promise<TrustedRegistries> {
  await using stack = new AsyncDisposableStack();
  const authority = await makeCertificateAuthority(site.folder);
  const { certificateFile, keyFile } = await authority.issueServer();
  const tls = { certificateFile, keyFile, ca: authority.ca };
  const source = stack.use(await startTestRegistry({ tls }));
  const destination = stack.use(await startTestRegistry({ tls }));
  await site.trust(source.host, authority.ca);
  await site.trust(destination.host, authority.ca);
  const owned = stack.move();
  return { source, destination, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
