import { expect, it } from 'vitest';
import { startLoopbackServer } from '../support/loopback-server.ts';
import { startMirroredSite } from '../support/mirrored-site.ts';
import { imageSet } from '../support/site.ts';

it.each([{ args: ['verify'] }, { args: ['verify', '--repair'] }])(
  '$args exits 1 where the registry does not let it look, since what is there may be as locked',
  async ({ args }) => {
    await using denying = await startLoopbackServer((_request, response) => {
      response.writeHead(403).end();
    });
    await using prod = await startMirroredSite();
    const { site, destination, mirror } = prod;
    await site.git.commit('main', { 'base.yaml': imageSet(await prod.fill('team/app:1')) });
    await site.pass();
    const lock = await site.manifest('prod/imageset.lock');
    await site.git.commit('manifests', {
      'prod/imageset.lock': lock?.replaceAll(destination.host, denying.host),
    });
    await site.configure({
      mirrors: [{ ...mirror, destination: `docker://${denying.host}/site` }],
    });

    const ran = await site.run(args);

    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^prod: 1 of 1 images .*\n {2}\S+app:1: could not be looked at: /);
  },
);
