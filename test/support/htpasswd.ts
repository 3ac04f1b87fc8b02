import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';

/** Writes `FOLDER/htpasswd` with bcrypt hashes, cheap ones, and returns its path. */
export async function writeHtpasswd(
  folder: string,
  users: Readonly<Record<string, string>>,
): Promise<string> {
  const path = join(folder, 'htpasswd');
  const lines = Object.entries(users).map(
    ([user, password]) => `${user}:${hashSync(password, 4)}\n`,
  );
  await writeFile(path, lines.join(''));
  return path;
}
