// `npm run build:agent`: the agent as single files.
import { load, root } from './agent-file/load.js';

const { main } = await load('main');
process.exitCode = await main(root, process.argv.slice(2));
