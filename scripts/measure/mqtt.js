// QoS 1 round trips through aedes with and without TCP_NODELAY on both ends, and whether aedes speaks MQTT 5.
//   node scripts/measure/mqtt.js
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { machine, median, percentile, table } from './kit.js';

async function broker(noDelay) {
  const aedes = await Aedes.createBroker();
  const server = createServer((socket) => {
    socket.setNoDelay(noDelay);
    aedes.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    aedes.close();
    server.close();
  };
  return { url: `mqtt://127.0.0.1:${server.address().port}`, close };
}

async function connect(url, noDelay, more = {}) {
  const client = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 0, ...more });
  client.on('error', () => {});
  client.stream.setNoDelay?.(noDelay);
  await Promise.race([once(client, 'connect'), once(client, 'close').then(() => Promise.reject(new Error('refused')))]);
  return client;
}

/** Milliseconds from a request to its answer, each a QoS 1 message through the broker. */
async function roundTrips(noDelay, count) {
  const { url, close } = await broker(noDelay);
  const [asking, answering] = [await connect(url, noDelay), await connect(url, noDelay)];
  await answering.subscribeAsync('ask', { qos: 1 });
  await asking.subscribeAsync('answer', { qos: 1 });
  answering.on('message', (_, body) => answering.publish('answer', body, { qos: 1 }));
  const times = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    const answer = once(asking, 'message');
    await asking.publishAsync('ask', String(n), { qos: 1 });
    await answer;
    times.push(performance.now() - start);
  }
  await Promise.all([asking.endAsync(true), answering.endAsync(true)]);
  close();
  return times.slice(Math.floor(count / 10));
}

console.log(machine());
const rows = [['TCP_NODELAY', 'round trips', 'median', 'p99']];
for (const [noDelay, count] of [
  [false, 100],
  [true, 1000],
]) {
  const times = await roundTrips(noDelay, count);
  rows.push([
    noDelay ? 'on both ends' : 'off',
    count,
    ...[median(times), percentile(times, 0.99)].map((ms) => `${ms.toFixed(2)} ms`),
  ]);
}
table(rows);

const { url, close } = await broker(true);
const five = await connect(url, true, { protocolVersion: 5 }).then(
  async (client) => {
    await client.endAsync(true);
    return 'accepted';
  },
  (error) => error.message,
);
console.log(`MQTT 5 at aedes: ${five}`);
close();
