// `npm run build:kernel`: compiles the hot path of the log engine to WebAssembly.
import { writeFileSync } from 'node:fs';
import { compileKernel, target } from './compile.ts';

writeFileSync(target, await compileKernel());
