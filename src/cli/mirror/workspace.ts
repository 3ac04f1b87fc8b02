import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ControllerError } from '../../base/controller-error.ts';

/** The working directory of one call: logs, resources, pinned configurations (spec, transfer-engine, 1.1 and 1.3.8). */
export interface Workspace {
  /** Absolute path of a file or folder in it. */
  path(...segments: readonly string[]): string;
  /** The same as messages name it: below the workspace as it was given. */
  shown(...segments: readonly string[]): string;
}

const NAME = 'working-dir';
/** What the reference tool's scripts find there; each file's own folder is made with it. */
const FOLDERS = [
  'signatures',
  'release-images',
  'hold-release',
  'hold-release/cincinnati-graph-data',
  'operator-catalogs',
  'helm/charts',
  'helm/indexes',
];
const RESOURCES = 'cluster-resources';
const NEXT_RESOURCES = '.cluster-resources-next';
const FORMER_RESOURCES = '.cluster-resources-former';

/** @param given what stands behind `file://`; empty: the current folder. */
export function openWorkspace(given: string, cwd: string): Workspace {
  const folder = basename(given) === NAME ? given : join(given, NAME);
  const absolute = resolve(cwd, folder);
  return {
    path: (...segments) => join(absolute, ...segments),
    shown: (...segments) => join(folder, ...segments),
  };
}

/** Makes a folder of the workspace. @throws ControllerError STATE_UNAVAILABLE */
export async function makeFolder(workspace: Workspace, name: string): Promise<void> {
  await orUnavailable(workspace.shown(name), async () => {
    await mkdir(workspace.path(name), { recursive: true, mode: 0o755 });
  });
}

/** Makes the folders of the workspace, and finishes what a killed call left of its resources. @throws ControllerError STATE_UNAVAILABLE */
export async function prepareWorkspace(workspace: Workspace): Promise<void> {
  for (const name of FOLDERS) await makeFolder(workspace, name);
  await orUnavailable(workspace.shown(RESOURCES), async () => {
    const current = workspace.path(RESOURCES);
    const former = workspace.path(FORMER_RESOURCES);
    // Killed between two renames: the former set is the last complete one.
    if (!(await isThere(current)) && (await isThere(former))) await rename(former, current);
    await rm(former, { recursive: true, force: true });
    await rm(workspace.path(NEXT_RESOURCES), { recursive: true, force: true });
    await mkdir(current, { recursive: true, mode: 0o755 });
  });
}

/**
 * Replaces the cluster resources as a whole: until the new set is complete, the old one stays (design.md, section 8).
 * @param files text by file name.
 * @throws ControllerError STATE_UNAVAILABLE
 */
export async function replaceResources(
  workspace: Workspace,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const current = workspace.path(RESOURCES);
  const next = workspace.path(NEXT_RESOURCES);
  const former = workspace.path(FORMER_RESOURCES);
  await orUnavailable(workspace.shown(RESOURCES), async () => {
    await rm(next, { recursive: true, force: true });
    await mkdir(next, { mode: 0o755 });
    for (const [name, text] of files) await writeFile(join(next, name), text, { mode: 0o644 });
    await rename(current, former);
    await rename(next, current);
    await rm(former, { recursive: true, force: true });
  });
}

/** The path of a cluster resource, as messages name it. */
export function shownResource(workspace: Workspace, name: string): string {
  return workspace.shown(RESOURCES, name);
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function orUnavailable(shown: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ControllerError('STATE_UNAVAILABLE', `${shown} cannot be written: ${reason}`, {
      remedy: 'wait-for-change',
      hint: 'Make the folder named by --workspace writable, or name another.',
      cause: error,
    });
  }
}
