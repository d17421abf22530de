// npm run test:faults -- [--rounds N] [--seed S] [--fault NAME]
import { pathToFileURL } from 'node:url';
import { bundle } from '../stand-ins/bundle.js';

const built = await bundle({
  faults: 'test/faults/faults.ts',
  harness: 'test/faults/harness.ts',
  writer: 'test/stand-ins/emqx/writer-main.ts',
});
try {
  const { main } = await import(pathToFileURL(`${built.directory}/faults.mjs`).href);
  process.exitCode = await main(process.argv.slice(2), built.directory);
} finally {
  built.remove();
}
