import { type Build, type Kernel, newKernel } from './kernel.ts';
import {
  bodyAt,
  bodyLimit,
  endsAt,
  headPart,
  keyBitsSlot,
  labelParts,
  middleParts,
  recordsLimit,
  sequenceSlot,
  stateAt,
  stateSize,
  tailPart,
  templateAt,
  templateSize,
  truncatedPart,
} from './layout.ts';
import { type Part, sequenceDigits, type Template } from './template.ts';

/**
 * One piece of memory for the body under construction, the constant parts of a document and the bytes just read, with
 * the kernel that makes the one of the others.
 */
export class Slab {
  readonly kernel: Kernel;
  /** All of the memory: places of layout.ts are places in it. */
  readonly bytes: Buffer;
  readonly body: Buffer;
  /** By record: where in the body it ends. */
  readonly ends: Int32Array;
  readonly slots: Int32Array;
  readonly wideSlots: Float64Array;
  /** Whose constant parts lie in the template region. */
  private template: Template | undefined;

  constructor(build?: Build) {
    this.kernel = newKernel(build);
    const { buffer } = this.kernel.memory;
    this.bytes = Buffer.from(buffer);
    this.body = Buffer.from(buffer, bodyAt, bodyLimit);
    this.ends = new Int32Array(buffer, endsAt, recordsLimit);
    this.slots = new Int32Array(buffer, stateAt, stateSize / 4);
    this.wideSlots = new Float64Array(buffer, stateAt, stateSize / 8);
  }

  /** Puts constant parts into place, and the sequence of the next record into them. */
  install(template: Template, sequence: number): void {
    const { slots } = this;
    if (this.template !== template) {
      // Cannot be: fields of a document are bounded when read.
      if (template.bytes.length > templateSize) throw new RangeError('document template too large');
      this.template = template;
      template.bytes.copy(this.bytes, templateAt);
      const put = (slot: number, part: Part) => {
        slots[slot] = templateAt + part.from;
        slots[slot + 1] = templateAt + part.to;
      };
      put(headPart, template.head);
      put(tailPart, template.tail);
      put(truncatedPart, template.truncated);
      template.middle.forEach((part, level) => {
        put(middleParts + level * 2, part);
      });
      template.labels.forEach((part, field) => {
        put(labelParts + field * 2, part);
      });
      slots[keyBitsSlot] = template.keyBits;
      slots[sequenceSlot] = templateAt + template.sequenceAt + sequenceDigits - 1;
    }
    const digits = String(sequence).padStart(sequenceDigits, '0');
    this.bytes.write(digits, templateAt + template.sequenceAt, 'latin1');
  }

  /** Lets go of what it was last used for. */
  clear(): void {
    this.template = undefined;
  }
}

/** Hands out a fixed number of slabs, so that bodies in flight and under construction never grow past it. */
export class SlabPool {
  private readonly free: Slab[] = [];
  private made = 0;
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  /** A slab, or undefined when all are in use. */
  take(): Slab | undefined {
    const slab = this.free.pop();
    if (slab) return slab;
    if (this.made === this.size) return undefined;
    this.made++;
    return new Slab();
  }

  give(slab: Slab): void {
    slab.clear();
    this.free.push(slab);
  }

  /** Lets go of the memory of slabs that nobody uses. */
  trim(): void {
    this.made -= this.free.length;
    this.free.length = 0;
  }
}
