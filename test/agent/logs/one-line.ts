import { isUtf8 } from 'node:buffer';
import type { Build } from '../../../agent/logs/kernel.ts';
import {
  bodyAt,
  bodyLimit,
  endSlot,
  endsAt,
  guardSize,
  inputAt,
  memoryEnd,
  startSlot,
  templateAt,
} from '../../../agent/logs/layout.ts';
import { type Inherited, type Made, makeRecords, type Reach } from '../../../agent/logs/records.ts';
import { Slab } from '../../../agent/logs/slab.ts';
import { fileKey, type Origin, Template } from '../../../agent/logs/template.ts';

const origin: Origin = {
  clusterId: 'c1',
  agentId: 'a1',
  agentVersion: '0',
  nodeName: undefined,
  set: 'emqx.log',
  path: '/log/emqx.log.1',
  fields: {},
};
const template = new Template(origin, fileKey(origin, Buffer.from('first'), 0));
const firstSequence = 1_795_206_276_843_682;

const slabs: Record<Build, Slab> = { simd: new Slab('simd'), plain: new Slab('plain') };
/** What the bytes between two regions hold, so that a byte written there shows. */
const guard = 0xa5;
const guards = [bodyAt, templateAt, inputAt, endsAt, memoryEnd].map((to) => to - guardSize);
for (const { bytes } of Object.values(slabs)) for (const from of guards) bytes.fill(guard, from, from + guardSize);

interface Step extends Reach {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Body bytes from which on no further record is made. */
  readonly limit: number;
  readonly inherited: Inherited;
  readonly build: Build;
}

/** One run of the kernel into an empty body. Throws when it wrote where it must not. */
function run({ bytes, from, to, limit, inherited, build, ...reach }: Step): Made & { slab: Slab; at: number } {
  const slab = slabs[build];
  // At another place each time: nothing may depend on where in a word the bytes stand.
  const at = inputAt + (from % 17);
  slab.bytes.set(bytes.subarray(0, to), at);
  slab.install(template, firstSequence);
  const overhead = template.bytes.length + 1024;
  const body = { length: 0, count: 0, limit, overhead };
  const input = { slab, from: at + from, to: at + to, isValid: isUtf8(bytes.subarray(from, to)), base: -at, ...reach };
  const made = makeRecords({ ...input, ...body }, inherited);
  if (made.next < at + from || made.next > at + to) throw new Error(`goes on at ${made.next - at} of ${from} to ${to}`);
  if (made.count === 0 && made.isFull) throw new Error('no room in an empty body');
  check(slab);
  return { ...made, slab, at };
}

/** Records as `start-end` when the bytes arrive up to each of `cuts` in turn, each record made by a run of its own. */
export function recordsOf(bytes: Uint8Array, cuts: readonly number[] = [], build: Build = 'simd'): string[] {
  const inherited: Inherited = { level: 1, micros: 0 };
  const found: string[] = [];
  let from = 0;
  for (const to of [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]) {
    const isLast = to === bytes.length;
    for (let isFull = true; isFull; ) {
      const made = run({ bytes, from, to, limit: 1, inherited, build, final: isLast, quiet: isLast });
      const { slots } = made.slab;
      if (made.count > 0) found.push(`${(slots[startSlot] ?? 0) - made.at}-${(slots[endSlot] ?? 0) - made.at}`);
      from = made.next - made.at;
      ({ isFull } = made);
    }
  }
  return found;
}

/** The records of a bulk body, two lines each, that come of these bytes when they are the whole of a file. */
export function bodiesOf(bytes: Uint8Array, build: Build = 'simd'): string[] {
  const inherited: Inherited = { level: 1, micros: 0 };
  const bodies: string[] = [];
  let from = 0;
  for (let isFull = true; isFull; ) {
    const reach = { final: true, quiet: true };
    const made = run({ bytes, from, to: bytes.length, limit: bodyLimit, inherited, build, ...reach });
    const { body, ends } = made.slab;
    for (let i = 0; i < made.count; i++) bodies.push(body.toString('utf8', i > 0 ? ends[i - 1] : 0, ends[i]));
    from = made.next - made.at;
    ({ isFull } = made);
  }
  return bodies;
}

function check({ bytes }: Slab): void {
  for (const from of guards) {
    const at = bytes.subarray(from, from + guardSize).findIndex((byte) => byte !== guard);
    if (at >= 0) throw new Error(`byte ${at} behind ${from} was written`);
  }
}

/** The documents, and the ids before them checked for their form. */
export function documentsOf(bytes: Uint8Array | string, build?: Build): Record<string, unknown>[] {
  return bodiesOf(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, build).map((body) => {
    const [action = '', document = '', rest] = body.split('\n');
    const { create } = JSON.parse(action) as { create: { _id: string } };
    if (!/^[\w-]{21}[AQgw]$/.test(create._id) || rest !== '') throw new Error(`not two lines with an id: ${body}`);
    return JSON.parse(document) as Record<string, unknown>;
  });
}

export function documentOf(line: Uint8Array | string, build?: Build): Record<string, unknown> {
  const [document, ...more] = documentsOf(line, build);
  if (!document || more.length > 0) throw new Error(`${more.length + (document ? 1 : 0)} documents`);
  return document;
}
