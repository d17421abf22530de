// Why the keyring is asked in a process of its own: what a call does to the process that makes it when the session bus
// takes the connection and never answers, and what the way through a child costs when one does answer.
//   node scripts/measure/keyring.js      (the last row wants a Secret Service: DBUS_SESSION_BUS_ADDRESS)
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { inTemporary, machine, median, root, table } from './kit.js';

const limitMs = 10_000;
const helper = join(root, 'dist/npm/keyring-helper.cjs');
const open = `const { Entry, AsyncEntry } = require('@napi-rs/keyring');
const words = ['ecpctl-measure', 'nobody', { linux: { store: 'secret-service' } }];
setTimeout(() => process.exit(0), 500);`;

/** Milliseconds until it has ended; undefined where it had to be killed. */
function ends(args, bus, input = '') {
  const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: bus };
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end(input);
  let killed = false;
  const timer = setTimeout(() => {
    killed = true;
    child.kill('SIGKILL');
  }, limitMs);
  return new Promise((resolve) => {
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(killed ? undefined : performance.now() - started);
    });
  });
}

const shown = (ms) => (ms === undefined ? `killed after ${limitMs / 1000} s` : `${ms.toFixed(0)} ms`);

await inTemporary(async (folder) => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise((resolve) => silent.listen(join(folder, 'bus'), resolve));
  const bus = `unix:path=${join(folder, 'bus')}`;
  const rows = [['process that wants to end after 500 ms, the bus silent', 'ends']];
  rows.push(['nothing asked', shown(await ends(['-e', open], bus))]);
  rows.push(['Entry', shown(await ends(['-e', `${open} new Entry(...words).getPassword();`], bus))]);
  rows.push(['AsyncEntry', shown(await ends(['-e', `${open} new AsyncEntry(...words).getPassword();`], bus))]);
  silent.close();
  const real = process.env.DBUS_SESSION_BUS_ADDRESS;
  if (real) {
    const times = [];
    for (let round = 0; round < 21; round++)
      times.push(await ends([helper], real, JSON.stringify({ verb: 'get', account: 'nobody' })));
    rows.push([
      'the helper process, a real Secret Service (least, median of 21)',
      `${shown(Math.min(...times))}, ${shown(median(times))}`,
    ]);
  } else rows.push(['the helper process, a real Secret Service', 'not measured: no DBUS_SESSION_BUS_ADDRESS']);
  console.log(machine());
  table(rows);
});
