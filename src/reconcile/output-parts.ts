import { readFile } from 'node:fs/promises';
import { ControllerError } from '../base/controller-error.ts';
import { systemReason } from '../base/system-reason.ts';
import { type RegistryCA, readRegistryCA } from '../resources/registry-ca.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import type { PassContext } from './pass-context.ts';
import type { PreparedPlan } from './prepare-plan.ts';
import type { OutputParts } from './render-output.ts';

/**
 * What a mirror's output folder is made of beside its lock and settings.
 * @throws ControllerError SETTINGS_INVALID for a `resources.registryCAFile` that cannot be read or is no certificate.
 */
export async function outputParts(
  { mirror, files }: Pick<PassContext, 'mirror' | 'files'>,
  { signatures }: Pick<PreparedPlan, 'signatures'>,
): Promise<OutputParts> {
  return { templates: files.templates, signatures, registryCA: await registryCA(mirror) };
}

async function registryCA({
  destination,
  resources: { registryCAFile: file = '' },
}: MirrorSettings): Promise<RegistryCA | undefined> {
  if (file === '') return undefined;
  return readRegistryCA(file, await readText(file), destination.host);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const message = `resources.registryCAFile ${file} cannot be read: ${systemReason(cause)}`;
    throw new ControllerError('SETTINGS_INVALID', message, {
      remedy: 'wait-for-change',
      hint: 'Name a file with the CA of the registry, and let the user of this command read it.',
      cause,
    });
  }
}
