import { ControllerError } from '../../base/controller-error.ts';

/** The flags of `imageset list releases` that say what is asked for. */
export interface ReleaseListFlags {
  readonly channels: boolean;
  readonly version: string | undefined;
  readonly channel: string | undefined;
  /** `--filter-by-archs`, separated by commas. */
  readonly architectures: string | undefined;
}

/** What one call of `imageset list releases` asks for. */
export type ReleaseListRequest =
  /** The minor versions that there are. */
  | { readonly kind: 'minors' }
  /** The channels that have releases of this channel, under the heading of the version. */
  | { readonly kind: 'channels'; readonly version: string; readonly channel: string }
  /** The releases of a channel. */
  | {
      readonly kind: 'releases';
      /** '' where only the channel was named. */
      readonly version: string;
      readonly channel: string;
      readonly architectures: readonly string[];
    };

/** As the error names them. */
const ARCHITECTURES = ['amd64', 'arm64', 'multi', 'ppc64le', 's390x'];

/** The checks of the command, in the reference tool's words (spec, config-and-outputs, 8.7). @throws ControllerError USAGE */
export function readReleaseListRequest(flags: ReleaseListFlags): ReleaseListRequest {
  const { channels, version = '' } = flags;
  if (channels && version === '') throw usage('must specify --version with --channels');
  if (flags.version === undefined && flags.channel === undefined) return { kind: 'minors' };
  const channel = flags.channel ?? `stable-${version}`;
  if (channels) return { kind: 'channels', version, channel };
  if (channel === '' || channel === 'stable-') throw usage('must specify --version or --channel');
  const architectures = readArchitectures(flags.architectures ?? 'amd64');
  return { kind: 'releases', version, channel, architectures };
}

function readArchitectures(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !ARCHITECTURES.includes(name));
  if (unknown.length === 0) return names;
  throw usage(
    `invalid architecture(s) [${unknown.join(' ')}]. Known architectures: [${ARCHITECTURES.join(' ')}]`,
  );
}

function usage(message: string): ControllerError {
  return new ControllerError('USAGE', message, { remedy: 'wait-for-change' });
}
