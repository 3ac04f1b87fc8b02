import { ControllerError } from '../base/controller-error.ts';
import { type FieldPath, formatField } from '../base/field-path.ts';
import { ControllerSettings, SETTINGS_KIND, SETTINGS_VERSION } from './controller-settings.ts';
import { type Settings, toSettings } from './settings.ts';

/** The flags that describe one mirror where there is no settings file (design.md, section 6). */
export interface MirrorFlags {
  readonly source: string;
  readonly destination: string;
  readonly branch?: string | undefined;
  readonly manifestsBranch?: string | undefined;
  readonly path?: string | undefined;
  readonly output?: string | undefined;
}

/** What the mirror of the flags is called in commits and locks. */
const MIRROR_NAME = 'default';

const FLAG_OF_FIELD: Readonly<Record<string, string>> = {
  'source.url': '--source',
  'source.branch': '--branch',
  'manifests.branch': '--manifests-branch',
  'mirrors[0].destination': '--destination',
  'mirrors[0].paths[0]': '--path',
  'mirrors[0].output': '--output',
};

/**
 * Settings of one mirror, with the defaults of the settings file.
 *
 * @throws ControllerError USAGE, with every flag that is wrong.
 */
export function settingsFromFlags(flags: MirrorFlags): Settings {
  const { source, destination, branch, manifestsBranch, path, output } = flags;
  const result = ControllerSettings.safeParse({
    apiVersion: SETTINGS_VERSION,
    kind: SETTINGS_KIND,
    source: { url: source, branch },
    manifests: { branch: manifestsBranch },
    mirrors: [
      { name: MIRROR_NAME, destination, output, paths: path === undefined ? undefined : [path] },
    ],
  });
  if (result.success) return toSettings(result.data);
  const messages = result.error.issues.map((issue) => {
    const field = formatField(issue.path as FieldPath);
    return `${FLAG_OF_FIELD[field] ?? field}: ${issue.message}`;
  });
  const hints = result.error.issues.flatMap((issue) =>
    issue.code === 'custom' && typeof issue.params?.hint === 'string' ? [issue.params.hint] : [],
  );
  throw new ControllerError('USAGE', messages.join('\n'), {
    remedy: 'wait-for-change',
    hint: [...new Set(hints)].join(' '),
  });
}
