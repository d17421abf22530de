import { parseArgs } from 'node:util';
import { EmqxLogWriter } from './writer.ts';
import type { LineFormat } from './writer-lines.ts';

/**
 * The writer as a process: `--directory D --rate LINES_PER_SECOND --seconds S` (0: until a signal). Prints one line
 * `{"seq":N,"bytes":N,"wraps":N}` at the end, N being the number of lines written in all.
 */
const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    name: { type: 'string', default: 'emqx.log' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '0' },
    'file-bytes': { type: 'string', default: '10000000' },
    files: { type: 'string', default: '5' },
    format: { type: 'string', default: 'v5-text' },
    start: { type: 'string', default: 'append' },
    seq: { type: 'string', default: '0' },
    /** Milliseconds that lines wait in the buffer before they are written. */
    buffer: { type: 'string', default: '10' },
  },
});
if (values.directory === undefined) throw new Error('--directory is needed');

const writer = new EmqxLogWriter(
  {
    directory: values.directory,
    name: values.name,
    fileBytes: Number(values['file-bytes']),
    files: Number(values.files),
    format: values.format as LineFormat,
    start: values.start === 'next' ? 'next' : 'append',
  },
  Number(values.seq),
);
const first = writer.seq;
const began = performance.now();
const until = Number(values.seconds) > 0 ? Number(values.seconds) : Number.POSITIVE_INFINITY;

function tick(): void {
  const seconds = Math.min(until, (performance.now() - began) / 1000);
  // A writer that was held up does not catch up in one burst no broker would make.
  const due = Math.min(Math.floor(seconds * Number(values.rate)) - (writer.seq - first), Number(values.rate));
  if (due > 0) writer.write(due);
  if (seconds >= until) finish();
}

function finish(): void {
  clearInterval(timer);
  writer.close();
  process.stdout.write(`${JSON.stringify({ seq: writer.seq, bytes: writer.bytes, wraps: writer.wraps })}\n`);
}

const timer = setInterval(tick, Number(values.buffer));
process.once('SIGTERM', finish);
process.once('SIGINT', finish);
