import { parentPort, workerData } from 'node:worker_threads';
import { Failure, reasonOf } from '../../core/errors.ts';
import { IntakeThread } from './intake-thread.ts';
import type { Reply, Request, WorkerSetup } from './protocol.ts';
import { LogReader } from './reader.ts';
import { Retainer } from './retention.ts';
import { openForReading, openForWriting } from './schema.ts';
import { LogWriter } from './writer.ts';

/**
 * Entry of the log's two threads. Writing has one of its own, so that neither the API nor queries wait for it; reading
 * has the other, so that a query over the whole log holds up nobody but the next query.
 */
const port = parentPort;
if (!port) throw new Error('this file is started by the log store');
const { role, path, retention } = workerData as WorkerSetup;
const retainEveryMs = 30_000;

const reply = (message: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

function fail(n: number | undefined, error: unknown): void {
  const failure =
    error instanceof Failure ? { code: error.code, values: { ...error.values } } : { message: reasonOf(error) };
  reply({ n, failure });
}

function write(): (request: Request) => void {
  const file = openForWriting(path);
  const writer = new LogWriter(file, retention.bytes, Date.now);
  const retainer = new Retainer(file, writer, retention);
  const intake = new IntakeThread(writer, retainer, Date.now);
  const timer = setInterval(() => intake.retain(), retainEveryMs);
  return (request) => {
    const { n, name } = request;
    if (name === 'bulk') {
      intake.bulk(request.ask, (answer) => reply({ n, answer }, [answer.body.buffer as ArrayBuffer]));
    } else if (name === 'dropCluster') {
      const step = (): void => {
        if (retainer.dropCluster(request.ask.clusterId)) setImmediate(step);
        else reply({ n, answer: null });
      };
      step();
    } else if (name === 'close') {
      clearInterval(timer);
      file.query('PRAGMA wal_checkpoint(TRUNCATE)');
      file.close();
      reply({ n, answer: null });
      port?.close();
    }
  };
}

function read(): (request: Request) => void {
  const file = openForReading(path);
  const reader = new LogReader(file, () => performance.now());
  return ({ n, name, ask }) => {
    if (name === 'query') reply({ n, answer: reader.query(ask) });
    else if (name === 'close') {
      file.close();
      reply({ n, answer: null });
      port?.close();
    }
  };
}

try {
  const serve = role === 'write' ? write() : read();
  port.on('message', (request: Request) => {
    try {
      serve(request);
    } catch (error) {
      fail(request.n, error);
    }
  });
  reply({ ready: true });
} catch (error) {
  fail(undefined, error);
}
