#!/usr/bin/env node
/*
 * The command. Plain old JavaScript: a Node that is too old must be able to read this file in order to say so.
 * From a clone it runs the TypeScript as it is; a package has no TypeScript (Node reads none below node_modules),
 * but dist/.
 */
import { existsSync } from 'fs';

var NEEDED = 24;
var version = process.version;

if (parseInt(version.slice(1), 10) < NEEDED) {
  console.error(
    'imageset needs Node.js ' +
      NEEDED +
      ' or newer; this is ' +
      version +
      ' (' +
      process.execPath +
      ').\n' +
      'Install it from https://nodejs.org/ or with your package manager, or use the container image.',
  );
  process.exit(1);
} else {
  var source = new URL('./main.ts', import.meta.url);
  import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href);
}
