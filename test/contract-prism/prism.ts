import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Stage } from '../e2e/stage.ts';
import { until } from '../e2e/stage.ts';

/** Where `.ci/parts/contract.sh` puts Prism, unless PRISM_HOME names another folder. */
export function prismPath(root: string): string | undefined {
  const home = process.env.PRISM_HOME ?? join(root, '.ci/tmp/prism-5.14.2');
  const path = join(home, 'node_modules/@stoplight/prism-cli/dist/index.js');
  return existsSync(path) ? path : undefined;
}

/** Starts Prism as a validating proxy in front of `upstream`; it says in a header what it objects to. */
export async function startPrism(stage: Stage, prism: string, file: string, upstream: string): Promise<string> {
  const port = await freePort();
  const child = stage.background('prism', [
    prism,
    ...['proxy', file, upstream, '--port', String(port), '--host', '127.0.0.1', '--verboseLevel', 'silent'],
  ]);
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`Prism ended with ${child.exitCode}`);
    return fetch(`${url}/api/version`).then(
      () => true,
      () => false,
    );
  };
  await until('Prism answers', answers, 60_000);
  return url;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
