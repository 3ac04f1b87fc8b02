import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ControllerError } from '../base/controller-error.ts';
import { systemReason } from '../base/system-reason.ts';

/** When the schedules of a controller last ran. Where the file is lost, the next tick counts (design.md, section 5, "Triggers"). */
export const ScheduleState = z.object({
  resync: z.iso.datetime().exactOptional(),
  verify: z.iso.datetime().exactOptional(),
});
export type ScheduleState = z.infer<typeof ScheduleState>;

/** Reads the state file; one that is not there, or is no state, says nothing. */
export async function readScheduleState(file: string): Promise<ScheduleState> {
  try {
    const parsed = ScheduleState.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}

/** @throws ControllerError STATE_UNAVAILABLE */
export async function writeScheduleState(file: string, state: ScheduleState): Promise<void> {
  const temporary = `${file}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, `${JSON.stringify(state)}\n`);
    await rename(temporary, file);
  } catch (cause) {
    throw new ControllerError(
      'STATE_UNAVAILABLE',
      `${file} cannot be written: ${systemReason(cause)}`,
      {
        remedy: 'retry-later',
        hint: 'Check that the state directory is writable and has space left.',
        cause,
      },
    );
  }
}
