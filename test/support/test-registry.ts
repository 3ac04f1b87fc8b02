import { startDockerRegistry } from './docker-registry.ts';
import { startEmbeddedRegistry } from './embedded-registry.ts';
import type { Endpoint } from './plain-request.ts';
import { hasProgram } from './run-program.ts';

export interface TestRegistryOptions {
  readonly storageFolder?: string;
  readonly tls?: {
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly ca: string;
  };
  /** Passwords by user. `endpoint` uses the first. */
  readonly users?: Readonly<Record<string, string>>;
}

export interface TestRegistry extends AsyncDisposable {
  /** Which one it is, for the names of tests and for what only one of them does. */
  readonly kind: 'docker-registry' | 'embedded';
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly endpoint: Endpoint;
  readonly storageFolder: string;
  /** Every request that was answered so far. */
  requests(): Promise<
    { readonly method: string; readonly path: string; readonly status: number }[]
  >;
}

/** A registry to test against: a stock `docker-registry` where it is installed, our own elsewhere. */
export async function startTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  if (hasProgram('docker-registry')) {
    return { kind: 'docker-registry', ...(await startDockerRegistry(options)) };
  }
  return { kind: 'embedded', ...(await startEmbeddedRegistry(options)) };
}
