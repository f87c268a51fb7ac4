// The prebuilt extension, into dist/: what JupyterLab's own builder makes of lib/, style/ and schema/.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const here = resolve(import.meta.dirname, '..');
const require = createRequire(join(here, 'package.json'));
const core = dirname(require.resolve('@jupyterlab/core-meta/package.json'));
const builder = dirname(require.resolve('@jupyter/builder/package.json'));

execFileSync(
  process.execPath,
  [
    join(builder, 'lib', 'build-labextension.js'),
    '--core-package-file',
    join(core, 'core.package.json'),
    ...process.argv.slice(2),
    here
  ],
  { stdio: 'inherit' }
);
