import { z } from 'zod';
import type { RegistryResponse } from '../registry-transport.ts';

const LIMIT_BYTES = 64 * 1024;
const ErrorBody = z.object({ errors: z.array(z.object({ code: z.string() })) });

/** The codes of an answer that reports errors, e.g. `NAME_UNKNOWN`; empty where the body is something else (spec, transfer-engine, 5.1.6). */
export async function errorCodesOf(response: RegistryResponse): Promise<readonly string[]> {
  try {
    const bytes = await response.bytes(LIMIT_BYTES);
    const body = ErrorBody.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    return body.success ? body.data.errors.map(({ code }) => code) : [];
  } catch {
    return [];
  }
}
