import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitFixture } from './git-fixture.ts';

/** Makes git run a shell script in a bare repository, e.g. before it takes what somebody pushes. */
export async function writeHook(
  { folder }: GitFixture,
  name: 'pre-receive' | 'post-receive' | 'update',
  script: string,
): Promise<void> {
  const hooks = join(folder, 'hooks');
  await mkdir(hooks, { recursive: true });
  const file = join(hooks, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}
