import { z } from 'zod';
import { ControllerSettings } from './controller-settings.ts';

/** The JSON Schema (draft-07) of the settings file. */
export function settingsSchema(): Record<string, unknown> {
  return z.toJSONSchema(ControllerSettings, { target: 'draft-7', io: 'input' });
}
