import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open-store.ts';
import { serveRegistry } from '../../src/store/server/serve-registry.ts';

/** Program: serves the folder of its argument on a free port, and prints the address. Tests kill it. */
const [folder = ''] = process.argv.slice(2);
const registry = await serveRegistry({ store: await openStore(folder), port: 0, log: silentLog });
process.stdout.write(`${registry.address}\n`);
