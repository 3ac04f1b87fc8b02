import type { WrongInput, WrongInputSite } from '../../support/wrong-input-site.ts';
import type { Ran } from '../../support/site.ts';

const HEAD = 'apiVersion: imageset-controller/v1alpha1\nkind: ControllerSettings\n';
const SOURCE = 'source: {url: https://git.example.com/sets.git}\n';
const MIRROR = '{name: prod, destination: registry.example.com}';

/** A pass with settings of this text. */
function reading(text: string): WrongInput['run'] {
  return async (site) => {
    await site.write('wrong.yaml', text);
    return site.imageset('run', '--once', '--settings', 'wrong.yaml', '--state', 'state');
  };
}

/** A pass for which flags describe the mirror. */
function flagged(...flags: readonly string[]): WrongInput['run'] {
  return (site): Promise<Ran> =>
    site.imageset('run', '--once', '--state', 'state', '--source', site.gitUrl, ...flags);
}

const unmentioned: WrongInput['run'] = (site: WrongInputSite) =>
  site.imageset('run', '--once', '--state', 'state');

/** What is wrong before anything was asked of anybody. */
export const COMMANDS_AND_SETTINGS: readonly WrongInput[] = [
  {
    name: 'nothing to mirror is named',
    code: 1,
    text: [
      'error: it is not said what to mirror',
      'hint: Give --settings FILE, or --source URL and --destination docker://HOST/PATH.',
    ],
    run: unmentioned,
  },
  {
    name: 'a settings file that is not there',
    code: 1,
    text: [
      'error: the settings file nowhere.yaml cannot be read: no such file or folder',
      'hint: Name the file with --settings, and let the user of this command read it.',
    ],
    run: (site) => site.imageset('run', '--once', '--settings', 'nowhere.yaml', '--state', 'state'),
  },
  {
    name: 'a settings file that is a folder',
    code: 1,
    text: [
      'error: the settings file . cannot be read: it is a folder',
      'hint: Name the file with --settings, and let the user of this command read it.',
    ],
    run: (site) => site.imageset('plan', '--settings', '.', '--state', 'state'),
  },
  {
    name: 'an empty settings file',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:1:1: the file is empty',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading(''),
  },
  {
    name: 'settings that are no YAML',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:4:1: this is not valid YAML: missing closing "quote (Look at this line and the one before it: indentation, quotes, brackets, colons.)',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading(`${HEAD}source: {url: "https://git.example.com/sets.git}\n`),
  },
  {
    name: 'a manifest of Kubernetes in place of settings',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:1:1: apiVersion: "v1" stands where "imageset-controller/v1alpha1" is needed',
      'wrong.yaml:2:1: kind: "ConfigMap" stands where "ControllerSettings" is needed',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading('apiVersion: v1\nkind: ConfigMap\ndata: {}\n'),
  },
  {
    name: 'settings with a typing error and a name that is none',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:5:6: mirrors[0].name: "Prod" is no name for a mirror (Use at most 63 lower-case letters, digits, "-" and ".", e.g. prod-eu.)',
      'wrong.yaml:5:18: mirrors[0].destinaton: unknown field "destinaton" (did you mean "destination"?)',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading(
      `${HEAD}${SOURCE}mirrors:\n  - {name: Prod, destinaton: x, destination: registry.example.com}\n`,
    ),
  },
  {
    name: 'settings with a password in the URL',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:3:10: source.url: the URL has a password or a query in it (Write the secret to a file and name it in passwordFile or tokenFile.)',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading(
      `${HEAD}source: {url: "https://me:s3cret@git.example.com/sets.git"}\nmirrors: [${MIRROR}]\n`,
    ),
  },
  {
    name: 'settings with one branch for source and manifests',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:4:13: manifests.branch: the manifests branch is the source branch "main" (Give the manifests a branch, or a repository, of their own.)',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading(`${HEAD}${SOURCE}manifests: {branch: main}\nmirrors: [${MIRROR}]\n`),
  },
  {
    name: 'settings with two mirrors in one folder',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:6:5: mirrors[1].output: the output "." and the output "." of mirror "prod" share a folder (Give each mirror a folder of its own, side by side, e.g. clusters/NAME.)',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading(
      `${HEAD}${SOURCE}mirrors:\n  - ${MIRROR}\n  - {name: b, destination: registry.example.com}\n`,
    ),
  },
  {
    name: 'settings with a schedule that is none',
    code: 1,
    text: [
      'error: the settings in wrong.yaml are wrong:',
      'wrong.yaml:4:12: schedule.poll: "hourly" is no cron expression (Write five fields, in UTC: minute, hour, day of month, month, day of week.)',
      'hint: The file is a ControllerSettings of imageset-controller/v1alpha1; "imageset schema settings" describes it.',
    ],
    run: reading(`${HEAD}${SOURCE}schedule: {poll: hourly}\nmirrors: [${MIRROR}]\n`),
  },
  {
    name: 'an unknown --mirror',
    code: 1,
    text: ['error: the settings have no mirror stage', 'hint: They have: prod.'],
    run: (site) => site.pass({ flags: ['--mirror', 'stage'] }),
  },
  {
    name: 'a destination that is a URL of the web',
    code: 1,
    text: [
      'error: --destination: destination "https://registry.example.com/mirror" cannot be read: "https://" is not docker://',
      'hint: Write it as docker://HOST[:PORT][/PATH].',
    ],
    run: flagged('--destination', 'https://registry.example.com/mirror'),
  },
  {
    name: 'a destination with a tag',
    code: 1,
    text: [
      'error: --destination: destination "docker://registry.example.com/mirror:v1" cannot be read: "mirror:v1" is no path of a repository (lower case, no tag, no digest, no "/" at its end)',
      'hint: Write it as docker://HOST[:PORT][/PATH].',
    ],
    run: flagged('--destination', 'docker://registry.example.com/mirror:v1'),
  },
  {
    name: 'a destination with a password',
    code: 1,
    text: [
      'error: --destination: the destination has a user or a digest in it',
      'hint: Write docker://HOST[:PORT][/PATH]; credentials of registries come from auth.json.',
    ],
    run: flagged('--destination', 'docker://me:s3cret@registry.example.com/mirror'),
  },
  {
    name: 'a revision that the source does not have',
    code: 1,
    text: [
      'error: file://DIR/repository.git has no "v1.0"',
      'hint: Name a branch, a tag, a full ref (refs/…) or a commit of the source repository.',
    ],
    run: (site) => site.imageset('plan', '--settings', 'settings.yaml', '--state', 'state', 'v1.0'),
  },
  {
    name: 'a path that is not there, to be validated',
    code: 1,
    text: [
      'error: nowhere.yaml does not exist',
      'hint: Name files, or folders with *.yaml, *.yml and *.json files.',
    ],
    run: (site) => site.imageset('validate', 'nowhere.yaml'),
  },
];
