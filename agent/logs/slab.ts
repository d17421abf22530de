/** A bulk body is closed before it passes this many bytes. */
export const bodyLimit = 5 * 1024 * 1024;
/** How much of a file one read takes. */
export const chunkSize = 512 * 1024;
/** A record is cut at this many bytes. Less than a chunk, so that each record fits into one read. */
export const recordLimit = 256 * 1024;

const templateAt = bodyLimit;
const templateSize = 64 * 1024;
const inputAt = templateAt + templateSize;

/**
 * One piece of memory for the body under construction, the constant parts of a document and the bytes just read.
 * In one buffer `copyWithin` moves bytes natively without allocating: a third of the cost of a copy between two.
 */
export class Slab {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(inputAt + chunkSize);
  readonly inputAt = inputAt;
  readonly templateAt = templateAt;
  /** Whose constant parts lie in the template region. */
  template: unknown;

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
  private readonly waiting: (() => void)[] = [];
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
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves when a slab may be had. */
  available(): Promise<void> {
    if (this.free.length > 0 || this.made < this.size) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Lets go of the memory of slabs that nobody uses. */
  trim(): void {
    this.made -= this.free.length;
    this.free.length = 0;
  }
}
