import type { Command } from 'commander';
import { type RawFlags, readSwitch, readText, switchOption } from '../end-options.ts';
import { type ListRequest, readListRequest } from './list-request.ts';
import { type SharedFlags, addSharedOptions, readSharedFlags } from './shared-options.ts';

/** One call of `imageset list operators`. */
export interface ListCall extends SharedFlags {
  readonly request: ListRequest;
}

export function addListOptions(command: Command): void {
  command
    .addOption(switchOption('--catalogs', 'the catalogs of an OpenShift version'))
    .option('--version <x.y>', 'the version, with --catalogs')
    .option('--catalog <reference>', 'the packages of this catalog, HOST/PATH:TAG')
    .option('--package <name>', 'the channels of this package and their heads')
    .option('--channel <name>', 'the versions in this channel');
  addSharedOptions(command);
}

/** @throws ControllerError USAGE */
export function readListCall(
  words: readonly string[],
  raw: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
): ListCall {
  const request = readListRequest({
    words,
    catalogs: readSwitch(raw, '--catalogs') ?? false,
    version: readText(raw, '--version'),
    catalog: readText(raw, '--catalog'),
    package: readText(raw, '--package'),
    channel: readText(raw, '--channel'),
  });
  return { request, ...readSharedFlags(raw, environment) };
}
