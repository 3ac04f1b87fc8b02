import { parseArgs } from 'node:util';
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import type { MadeRelease } from '../support/releases/make-release.ts';
import { hasProgram } from '../support/run-program.ts';
import { formatBytes } from '../../src/base/format-bytes.ts';
import { DEMO_CATALOG, pushDemoCatalog } from './source-catalog.ts';
import { type DemoImage, blobBytes, makeDemoImages } from './source-images.ts';
import { type DemoReleases, openDemoReleases } from './source-releases.ts';
import { type Stage, openStage } from './stage.ts';

/**
 * The demo: two registries, a Git repository, the controller between them. Everything runs in one temporary folder and
 * on the loopback interface; every result that is told is checked, and the exit code is 0 only if all of them hold.
 */

const USAGE = `npm run demo [-- --keep]

  --keep   leave the folder with repositories, registries' content and state
`;

interface Registry {
  readonly url: string;
  readonly host: string;
}

interface Scene {
  readonly stage: Stage;
  readonly images: readonly DemoImage[];
  readonly source: Registry;
  readonly destination: Registry;
}

const SETTINGS = 'run --once --settings settings.yaml --state state';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    stopping.abort(new Error(`stopped by ${name}`));
  });
}
process.exitCode = await main(process.argv.slice(2), stopping.signal);

async function main(args: string[], signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (!hasProgram('git')) {
    process.stderr.write('The demo needs git: install it with your package manager.\n');
    return 1;
  }
  const stage = await openStage(signal);
  const keep = values.keep === true;
  try {
    await play(stage);
    stage.say(`The demo is over: ${stage.checks()} checks, all hold.`);
    return 0;
  } catch (error) {
    process.stderr.write(
      `\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  } finally {
    await stage.close(keep);
    process.stdout.write(
      keep ? `Everything is left in ${stage.folder}\n` : `${stage.folder} is removed.\n`,
    );
  }
}

async function play(stage: Stage): Promise<void> {
  stage.say(
    `imageset-controller keeps a container registry equal to what a Git repository says.
This demo plays in ${stage.folder} and on 127.0.0.1 alone.
Every line after a $ is a command that runs as it stands there, every [ok] a check that held.`,
  );

  const scene = await setUp(stage);
  await firstPass(scene);
  await secondPass(scene);
  await addImage(scene);
  await deleteImage(scene);
  await addOperator(scene);
  {
    await using releases = await openDemoReleases(scene.source);
    await addRelease(scene, releases);
    await updateRelease(scene, releases);
  }
  await lookBack(scene);
}

async function setUp(stage: Stage): Promise<Scene> {
  stage.step('Two registries: one to mirror from, one to mirror to');
  stage.say('Both are the embedded registry: plain HTTP, a folder each, a free port.');
  const serve = (name: string): Promise<string> =>
    stage.start(
      `imageset registry serve ${name}-store --port 0 --log-level debug 2> ${name}-requests.log`,
    );
  const source = registryOf(await serve('source'));
  const destination = registryOf(await serve('destination'));
  stage.say('Clients are told about plain HTTP where they always are:');
  const insecure = [source, destination].map(
    ({ host }) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`,
  );
  await stage.write('registries.conf', insecure.join('\n'));

  stage.step('Images at the source');
  const images = await makeDemoImages();
  for (const { repository, tag, image } of images) {
    await pushImage({ url: source.url }, repository, image, tag);
  }
  const lines = images.map(({ repository, tag, image }) => {
    const name = `${source.host}/${repository}:${tag}`;
    return `  ${name.padEnd(34)} linux/amd64, linux/arm64   ${formatBytes(blobBytes(image))}`;
  });
  stage.say(
    `Four images for two platforms each, on base layers that they share:\n${lines.join('\n')}`,
  );

  stage.step('A Git repository that says what to mirror');
  await stage.run('git init --quiet --bare --initial-branch=main imagesets.git');
  await stage.run('git clone --quiet imagesets.git work 2>/dev/null && mkdir work/team');
  const scene = { stage, images, source, destination };
  await stage.write('work/team/shop.yaml', imageSet(scene, ['web', 'api', 'legacy']));
  await stage.run('imageset validate work/team');
  await stage.run('git -C work add team && git -C work commit --quiet -m "Mirror the shop"');
  await stage.run('git -C work push --quiet origin HEAD:main');
  return scene;
}

async function firstPass(scene: Scene): Promise<void> {
  const { stage, destination } = scene;
  stage.step('The first pass');
  stage.say('The settings name the repository, the registry and where the results go:');
  await stage.write(
    'settings.yaml',
    `apiVersion: imageset-controller/v1alpha1
kind: ControllerSettings
source:
  url: file://${stage.folder}/imagesets.git
  branch: main
manifests:
  branch: manifests
mirrors:
  - name: demo
    paths: [team]
    destination: docker://${destination.host}/mirror
    output: clusters/demo
`,
  );
  stage.say('What would happen? A plan changes nothing.');
  await stage.run('imageset plan --settings settings.yaml --state state');
  stage.check('nothing is at the destination yet', !(await isThere(scene, 'web')));

  stage.say('Now do it. Without --once the controller goes on and looks every minute.');
  const text = await stage.run(`imageset ${SETTINGS}`);
  stage.check('the pass ended as Applied', text.startsWith('demo: Applied'));
  for (const name of ['web', 'api', 'legacy']) {
    stage.check(`mirror/shop/${name} has the digest of its source`, await isThere(scene, name));
  }

  stage.say('The results are a commit on the branch "manifests", for Argo CD, Flux or oc:');
  await stage.run('git -C imagesets.git log --stat=80 manifests');
  const output = 'git -C imagesets.git show manifests:clusters/demo';
  for (const kind of ['idms', 'itms']) {
    const mirrorSet = await stage.run(`${output}/resources/${kind}-oc-mirror.yaml`);
    stage.check(
      'the cluster is told where the images are now',
      mirrorSet.includes(`- ${destination.host}/mirror/shop`),
    );
  }
  stage.say('The lock beside them says what is mirrored, from where and for whom:');
  await stage.run(`${output}/imageset.lock | cut -c 1-96`);
}

async function secondPass({ stage }: Scene): Promise<void> {
  stage.step('A second pass has nothing to do');
  const trace = 'git -C imagesets.git rev-parse manifests && wc -l *-requests.log';
  const before = await stage.ask(trace);
  const text = await stage.run(`imageset ${SETTINGS}`);
  const after = await stage.ask(trace);
  stage.check('it ended as Unchanged', text.startsWith('demo: Unchanged'));
  stage.check('it made no commit and sent no request to a registry', before === after);
}

async function addImage(scene: Scene): Promise<void> {
  const { stage } = scene;
  stage.step('A change that adds an image');
  stage.say('Somebody opens a pull request. Its check shows the plan of the branch:');
  await stage.run('git -C work switch --quiet -c add-cache');
  await stage.ask(
    heredoc('work/team/shop.yaml', imageSet(scene, ['web', 'api', 'legacy', 'cache'])),
  );
  await stage.run('git -C work diff --unified=0');
  await stage.run('git -C work commit --quiet -a -m "Add the cache (#1)"');
  await stage.run('git -C work push --quiet origin add-cache');
  const plan = await stage.run('imageset plan add-cache --settings settings.yaml --state state');
  stage.check('the plan adds one image', plan.includes('images: 1 to add'));

  stage.say('It is merged, and the next pass mirrors the difference:');
  await stage.run('git -C work push --quiet origin add-cache:main');
  const text = await stage.run(`imageset ${SETTINGS}`);
  stage.check('one image was added', text.includes('1 added, 0 gone, 4 in total'));
  stage.check('mirror/shop/cache has the digest of its source', await isThere(scene, 'cache'));
  const size = blobBytes(imageOf(scene, 'cache').image);
  stage.check(
    `of its ${formatBytes(size)} the base layers were not sent again`,
    text.includes('10.0 MiB sent'),
  );
}

async function deleteImage(scene: Scene): Promise<void> {
  const { stage } = scene;
  stage.step('A change that deletes an image');
  stage.say('Two things, on purpose: the image set no longer asks for it, and a file names it.');
  await stage.run('git -C work switch --quiet -c drop-legacy');
  await stage.ask(heredoc('work/team/shop.yaml', imageSet(scene, ['web', 'api', 'cache'])));
  await stage.run('git -C work diff --unified=0');
  await stage.write('work/team/delete-legacy.yaml', deleteSet(scene, ['legacy']));
  await stage.run(
    'git -C work add team && git -C work commit --quiet -m "Drop the legacy shop (#2)"',
  );
  await stage.run('git -C work push --quiet origin drop-legacy');
  const plan = await stage.run('imageset plan drop-legacy --settings settings.yaml --state state');
  stage.check('the plan deletes one image', plan.includes('1 to delete'));

  await stage.run('git -C work push --quiet origin drop-legacy:main');
  const text = await stage.run(`imageset ${SETTINGS}`);
  stage.check('one image was deleted', text.includes('1 deleted at the registry, 3 in total'));
  stage.check('mirror/shop/legacy is gone', !(await isThere(scene, 'legacy')));
  for (const name of ['web', 'api', 'cache']) {
    stage.check(`mirror/shop/${name} is still there`, await isThere(scene, name));
  }
}

async function addOperator(scene: Scene): Promise<void> {
  const { stage, source, destination } = scene;
  stage.step('An operator from a catalog');
  await pushDemoCatalog(source);
  stage.say('A catalog lists bundles, a bundle lists images. This one has two operators:');
  await stage.run(`imageset list operators --catalog ${source.host}/${DEMO_CATALOG}`);
  stage.say('The shop needs pumps. Without versions that is the newest one of every channel:');
  await stage.write(
    'work/team/operators.yaml',
    `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  operators:
    - catalog: ${source.host}/${DEMO_CATALOG}
      packages:
        - name: pump
`,
  );
  await stage.run('git -C work add team && git -C work commit --quiet -m "Add the pump (#3)"');
  await stage.run('git -C work push --quiet origin HEAD:main');
  await stage.run('imageset plan --settings settings.yaml --state state');
  const text = await stage.run(`imageset ${SETTINGS}`);
  stage.check('its three images and the catalog were added', text.includes('4 added, 0 gone'));

  stage.say('The catalog at the destination lists what is there, and nothing else:');
  const there = `${destination.host}/mirror/${DEMO_CATALOG}`;
  const list = await stage.run(`imageset list operators --catalog ${there}`);
  stage.check('it has the pump and no tap', list.includes('pump') && !list.includes('tap'));
  const catalogSource = await stage.run(
    'git -C imagesets.git show manifests:clusters/demo/resources/cs-index-v1.yaml',
  );
  stage.check(
    'the cluster is told where the catalog is, by digest',
    catalogSource.includes(`image: ${there.replace(':v1', '@sha256:')}`),
  );
}

async function addRelease(scene: Scene, releases: DemoReleases): Promise<void> {
  const { stage, destination } = scene;
  const { old, service } = releases;
  stage.step('A release of OpenShift');
  stage.say(
    `A release is a payload image, which lists all other images of OpenShift. An update service says
which releases there are, a store has their signatures. By default those are the public ones;
here the demo plays both, with two releases that it signed itself:`,
  );
  await stage.ask(heredoc('release-key.asc', releases.keys));
  await stage.run(
    heredoc(
      'settings.yaml',
      `releases:
  graphUrl: ${service.graphUrl}
  signatureUrl: ${service.signatureUrl}
  keysFile: release-key.asc
  graphDataUrl: ${service.graphDataUrl}
  graphBase: ${releases.graphBase}
`,
      '>>',
    ),
  );
  await stage.run(`UPDATE_URL_OVERRIDE=${service.graphUrl} imageset list releases --version 4.18`);
  stage.say(
    'The clusters run 4.18.1. With the graph they find their updates without the internet:',
  );
  await stage.write('work/team/platform.yaml', releaseSet('4.18.1'));
  await stage.run('git -C work add team && git -C work commit --quiet -m "Mirror OpenShift (#4)"');
  await stage.run('git -C work push --quiet origin HEAD:main');
  await stage.run('imageset plan --settings settings.yaml --state state');
  const text = await stage.run(`imageset ${SETTINGS}`);
  stage.check('the release and the graph image were added', text.includes('5 added, 0 gone'));
  stage.check('the payload is there', (await digestAt(scene, payloadOf(old))) === old.digest);
  stage.check('its components cli, console and etcd are there', await areThere(scene, old));

  stage.say('The cluster is told about its update service, and how the release is signed:');
  const output = 'git -C imagesets.git show manifests:clusters/demo/resources';
  const updateService = await stage.run(`${output}/updateService.yaml`);
  const [, graphImage] = /graphDataImage: \S+@(\S+)/.exec(updateService) ?? [];
  stage.check(
    'the graph image is named by digest, and is there',
    graphImage !== undefined &&
      (await digestAt(scene, 'openshift/graph-image:latest')) === graphImage,
  );
  stage.check(
    'releases are looked for at the destination',
    updateService.includes(`releases: ${destination.host}/mirror/openshift/release-images`),
  );
  const signatures = await stage.run(`${output}/signature-configmap.yaml | cut -c 1-96`);
  stage.check(
    'the signature of the payload is published',
    signatures.includes(old.digest.replace(':', '-')),
  );
}

async function updateRelease(scene: Scene, releases: DemoReleases): Promise<void> {
  const { stage } = scene;
  const { old, new: update } = releases;
  stage.step('An update of OpenShift');
  stage.say('4.18.2 shall be there for the clusters too. One line changes:');
  await stage.ask(heredoc('work/team/platform.yaml', releaseSet('4.18.2')));
  await stage.run('git -C work diff --unified=0');
  await stage.run('git -C work commit --quiet -a -m "Mirror OpenShift 4.18.2 (#5)"');
  await stage.run('git -C work push --quiet origin HEAD:main');
  await stage.run('imageset plan --settings settings.yaml --state state');
  const text = await stage.run(`imageset ${SETTINGS}`);
  stage.check('the release was added', text.includes('4 added, 0 gone'));
  stage.check('all of its components are there', await areThere(scene, update));
  const size = formatBytes(releaseBytes(update));
  const sent = formatBytes(releaseBytes(update, old));
  stage.check(
    `of its ${size} only ${sent} were sent: two components are those of 4.18.1`,
    text.includes(`${sent} sent`),
  );
  stage.check(
    '4.18.1 is still there, for clusters that run it',
    (await digestAt(scene, payloadOf(old))) === old.digest,
  );
}

async function lookBack(scene: Scene): Promise<void> {
  const { stage, destination } = scene;
  stage.step('Looking back');
  stage.say('Git history is the audit. What happened to an image?');
  const settings = '--settings settings.yaml --state state';
  const history = await stage.run(`imageset log shop/legacy:0.9 ${settings}`);
  stage.check(
    'the log knows how it came and went',
    history.includes('added') && history.includes('removed'),
  );
  stage.say('Why is an image there?');
  const why = await stage.run(`imageset why ${destination.host}/mirror/shop/cache:7.2 ${settings}`);
  stage.check('the answer is a line of a file', why.includes('team/shop.yaml:'));
  stage.say('Is the registry still as it was left?');
  const verified = await stage.run(`imageset verify ${settings}`);
  stage.check('every image is as locked', verified.includes('16 images are as locked'));

  stage.say('The manifests branch as a whole:');
  const log = await stage.run('git -C imagesets.git log --reverse manifests');
  // Manifests stop naming an image before it is deleted: so a delete makes two commits.
  stage.check('it has seven commits', log.match(/^commit /gm)?.length === 7);
}

function registryOf(greeting: string): Registry {
  const [url = ''] = /http:\/\/\S+/.exec(greeting) ?? [];
  return { url: url.replace(/\/+$/, ''), host: url.replace(/^http:\/\/|\/+$/g, '') };
}

function imageSet(scene: Scene, names: readonly string[]): string {
  return `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  additionalImages:
${entries(scene, names)}`;
}

function deleteSet(scene: Scene, names: readonly string[]): string {
  return `apiVersion: mirror.openshift.io/v2alpha1
kind: DeleteImageSetConfiguration
delete:
  additionalImages:
${entries(scene, names)}`;
}

function entries(scene: Scene, names: readonly string[]): string {
  return names
    .map((name) => imageOf(scene, name))
    .map((image) => `    - name: ${scene.source.host}/${referenceOf(image)}\n`)
    .join('');
}

/** One of them is wanted by digest: clusters are told about such images in a resource of their own. */
function referenceOf({ repository, tag, image }: DemoImage): string {
  return repository === 'shop/api' ? `${repository}@${image.top.digest}` : `${repository}:${tag}`;
}

function imageOf({ images }: Scene, name: string): DemoImage {
  const found = images.find(({ repository }) => repository === `shop/${name}`);
  if (found === undefined) throw new Error(`the demo has no image ${name}`);
  return found;
}

function releaseSet(newest: string): string {
  return `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  platform:
    graph: true
    channels:
      - name: stable-4.18
        minVersion: 4.18.1
        maxVersion: ${newest}
`;
}

function payloadOf({ tag }: MadeRelease): string {
  return `openshift/release-images:${tag}`;
}

async function areThere(scene: Scene, { tag, components }: MadeRelease): Promise<boolean> {
  for (const { name, image } of components) {
    const found = await digestAt(scene, `openshift/release:${tag}-${name}`);
    if (found !== image.top.digest) return false;
  }
  return components.length > 0;
}

/** Bytes of a release's distinct blobs that another release has not. */
function releaseBytes(release: MadeRelease, other?: MadeRelease): number {
  const blobs = blobsOf(release);
  if (other !== undefined) for (const digest of blobsOf(other).keys()) blobs.delete(digest);
  return [...blobs.values()].reduce((sum, { length }) => sum + length, 0);
}

function blobsOf({ payload, components }: MadeRelease): Map<string, Uint8Array> {
  const images = [payload, ...components.map(({ image }) => image)];
  return new Map(images.flatMap(({ blobs }) => [...blobs]));
}

async function isThere(scene: Scene, name: string): Promise<boolean> {
  const { repository, image } = imageOf(scene, name);
  return (await digestAt(scene, `${repository}@${image.top.digest}`)) === image.top.digest;
}

/** Asks the destination itself, without any code of the controller: `REPOSITORY:TAG` or `REPOSITORY@DIGEST`. */
async function digestAt(scene: Scene, place: string): Promise<string | undefined> {
  const [, repository = '', name = ''] = /^([^:@]+)[:@](.+)$/.exec(place) ?? [];
  const path = `/v2/mirror/${repository}/manifests/${name}`;
  const { status, headers } = await plainRequest({ url: scene.destination.url }, 'HEAD', path);
  const digest = headers['docker-content-digest'];
  return status === 200 && typeof digest === 'string' ? digest : undefined;
}

function heredoc(path: string, text: string, into: '>' | '>>' = '>'): string {
  return `cat ${into} ${path} <<'END'\n${text}END`;
}
