import { type Command, Option } from 'commander';
import { type RawFlags, readSwitch, readText, switchOption } from '../end-options.ts';
import { type ReleaseListRequest, readReleaseListRequest } from './release-list-request.ts';
import { type SharedFlags, addSharedOptions, readSharedFlags } from './shared-options.ts';

/** One call of `imageset list releases`. */
export interface ReleaseListCall extends SharedFlags {
  readonly request: ReleaseListRequest;
}

export function addReleaseListOptions(command: Command): void {
  command
    .option('--version <x.y>', 'the releases of the channel stable-X.Y')
    .option('--channel <name>', 'the releases of this channel')
    .addOption(switchOption('--channels', 'the channels of the version'))
    .addOption(
      new Option(
        '--filter-by-archs <list>',
        'amd64 (the default), arm64, multi, ppc64le, s390x, separated by commas',
      ).argParser((text, before?: string) => (before === undefined ? text : `${before},${text}`)),
    );
  addSharedOptions(command);
  command.options.find(({ long }) => long === '--cache-dir')?.hideHelp();
}

/** @throws ControllerError USAGE */
export function readReleaseListCall(
  raw: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
): ReleaseListCall {
  const request = readReleaseListRequest({
    channels: readSwitch(raw, '--channels') ?? false,
    version: readText(raw, '--version'),
    channel: readText(raw, '--channel'),
    architectures: readText(raw, '--filter-by-archs'),
  });
  return { request, ...readSharedFlags(raw, environment) };
}
