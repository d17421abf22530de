import { DocumentWriter, Inherited, writeSequence } from '../../../agent/logs/document.ts';
import { Slab } from '../../../agent/logs/slab.ts';
import { Splitter } from '../../../agent/logs/splitter.ts';
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

const slab = new Slab();
const writer = new DocumentWriter();

/** The bulk bodies that come of these bytes when they are the whole of a file. */
export function bodiesOf(bytes: Uint8Array): string[] {
  slab.bytes.set(bytes, slab.inputAt);
  const to = slab.inputAt + bytes.length;
  const template = new Template(origin, fileKey(origin, Buffer.from('first'), 0));
  slab.install(template, template.bytes);
  writeSequence(slab, template, 1_795_206_276_843_682);
  writer.load(slab, slab.inputAt, to);
  const splitter = new Splitter();
  splitter.load(slab.bytes, slab.inputAt, to, { final: true, quiet: true });
  const inherited = new Inherited(0);
  const bodies: string[] = [];
  while (splitter.step()) {
    splitter.repair();
    const end = writer.write(slab, 0, template, splitter, splitter.start - slab.inputAt, inherited);
    bodies.push(slab.bytes.toString('utf8', 0, end));
  }
  return bodies;
}

/** The documents, and the ids before them checked for their form. */
export function documentsOf(bytes: Uint8Array | string): Record<string, unknown>[] {
  return bodiesOf(typeof bytes === 'string' ? Buffer.from(bytes) : bytes).map((body) => {
    const [action = '', document = '', rest] = body.split('\n');
    const { create } = JSON.parse(action) as { create: { _id: string } };
    if (!/^[\w-]{21}[AQgw]$/.test(create._id) || rest !== '') throw new Error(`not two lines with an id: ${body}`);
    return JSON.parse(document) as Record<string, unknown>;
  });
}

export function documentOf(line: Uint8Array | string): Record<string, unknown> {
  const [document, ...more] = documentsOf(line);
  if (!document || more.length > 0) throw new Error(`${more.length + (document ? 1 : 0)} documents`);
  return document;
}
