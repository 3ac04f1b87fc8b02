import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from './run-program.ts';

/** A moment of a run: around the n-th call of a subcommand of git. */
export interface GitMoment {
  readonly command: string;
  /** From 1. */
  readonly n: number;
  /** `before`: git does not run any more. `after`: it did all it was asked for. */
  readonly when: 'before' | 'after';
}

/** A folder with a `git` that kills a process at a chosen moment, to be the first of a PATH. */
export interface KillingGit {
  readonly folder: string;
  /** Forgets earlier calls, and kills at the moment; undefined: never. */
  arm(moment: GitMoment | undefined): Promise<void>;
  /** Whom to kill. */
  aim(pid: number): Promise<void>;
  /** How often each subcommand was called since `arm`. */
  calls(): Promise<Map<string, number>>;
}

export async function makeKillingGit(folder: string): Promise<KillingGit> {
  await mkdir(folder, { recursive: true });
  const [calls, moment, pid] = ['calls', 'moment', 'pid'].map((name) => join(folder, name));
  const script = `#!/bin/sh
echo "$1" >> '${calls}'
kill_it() { kill -9 "$(cat '${pid}')"; }
if [ -f '${moment}' ]; then
  read -r command n when < '${moment}'
  if [ "$1" = "$command" ] && [ "$(grep -cx -- "$1" '${calls}')" = "$n" ]; then
    if [ "$when" = before ]; then kill_it; exit 1; fi
    '${findProgram('git') ?? 'git'}' "$@"; status=$?
    kill_it
    exit $status
  fi
fi
exec '${findProgram('git') ?? 'git'}' "$@"
`;
  await writeFile(join(folder, 'git'), script);
  await chmod(join(folder, 'git'), 0o755);
  return {
    folder,
    async arm(at) {
      await writeFile(calls ?? '', '');
      await rm(moment ?? '', { force: true });
      if (at !== undefined) await writeFile(moment ?? '', `${at.command} ${at.n} ${at.when}\n`);
    },
    aim: (process) => writeFile(pid ?? '', String(process)),
    async calls() {
      const counts = new Map<string, number>();
      const commands = (await readFile(calls ?? '', 'utf8')).trim().split('\n');
      for (const command of commands) counts.set(command, (counts.get(command) ?? 0) + 1);
      return counts;
    },
  };
}
