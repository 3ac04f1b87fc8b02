import type { CommandIo } from '../../src/cli/io.ts';

export interface TestIo extends CommandIo {
  /** What was written so far. */
  readonly written: { stdout: string; stderr: string };
}

/** A process without terminal at 2026-01-16 11:15:20 local time, whose output is kept. */
export function testIo(over: Partial<CommandIo> = {}): TestIo {
  const written = { stdout: '', stderr: '' };
  return {
    written,
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
    isTerminal: { stdout: false, stderr: false },
    columns: () => 80,
    environment: {},
    cwd: '/nowhere',
    now: () => new Date(2026, 0, 16, 11, 15, 20),
    terminal: undefined,
    onHangup: () => ({ [Symbol.dispose]: () => undefined }),
    ...over,
  };
}
