/** A bulk body is closed before it passes this many bytes. */
export const bodyLimit = 5 * 1024 * 1024;
/** How much of a file one read takes. */
export const chunkSize = 512 * 1024;
/** A record is cut at this many bytes. Less than a chunk, so that each record fits into one read. */
export const recordLimit = 256 * 1024;

const templateAt = bodyLimit;
const templateSize = 64 * 1024;
const inputAt = templateAt + templateSize;

/** Copies up to this many bytes are made by words; these may reach so far over the end of what is copied. */
const shortMove = 32;
const moveSlack = 4;

/**
 * One piece of memory for the body under construction, the constant parts of a document and the bytes just read.
 * In one buffer `copyWithin` moves bytes natively without allocating: a third of the cost of a copy between two.
 */
export class Slab {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(inputAt + chunkSize + moveSlack);
  private readonly view = new DataView(this.bytes.buffer);
  readonly inputAt = inputAt;
  readonly templateAt = templateAt;
  /** Whose constant parts lie in the template region. */
  template: unknown;

  /**
   * Copies `from..to` to `at`, which lies before it; answers the end. Up to three bytes behind the end are overwritten,
   * so a body is written from front to back. A short copy by words costs half of a native call.
   */
  move(at: number, from: number, to: number): number {
    const length = to - from;
    if (length > shortMove) {
      this.bytes.copyWithin(at, from, to);
    } else {
      const { view } = this;
      for (let i = 0; i < length; i += 4) view.setUint32(at + i, view.getUint32(from + i, true), true);
    }
    return at + length;
  }

  /** Puts constant parts into the template region. They must fit: fields of a document are bounded when read. */
  install(owner: unknown, parts: Buffer): void {
    if (parts.length > templateSize) throw new RangeError('document template too large');
    parts.copy(this.bytes, templateAt);
    this.template = owner;
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
    slab.template = undefined;
    this.free.push(slab);
  }

  /** Lets go of the memory of slabs that nobody uses. */
  trim(): void {
    this.made -= this.free.length;
    this.free.length = 0;
  }
}
