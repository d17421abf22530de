import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { formatLine, type LineFormat } from './writer-lines.ts';

export interface WriterOptions {
  readonly directory: string;
  /** Name of the handler's path, `emqx.log`. */
  readonly name?: string;
  /** Bytes of one file, number of files (EMQX: rotation_size, rotation_count). */
  readonly fileBytes: number;
  readonly files: number;
  readonly format?: LineFormat;
  /** Time of line 0 in milliseconds; a fixed one unless told otherwise. */
  readonly startMs?: number | undefined;
  /** How a start goes on: in the current file, as a broker does, or in the next one. */
  readonly start?: 'append' | 'next';
  /** Milliseconds from the truncation to the rewritten index; EMQX takes 1-2. 0: at once. */
  readonly indexLagMs?: number;
}

/**
 * Writes log files as EMQX does: a wrap disk_log, `NAME.1` to `NAME.N` and `.1` again, truncated in place on the same
 * inode, the number of the current one in `NAME.idx` a moment later; each event goes whole into one file. Each line
 * carries a number, so that whoever receives it can be called to account.
 */
export class EmqxLogWriter {
  /** Number of the next line. */
  seq: number;
  /** Bytes written in all; files begun. */
  bytes = 0;
  wraps = 0;

  private readonly directory: string;
  private readonly base: string;
  private readonly fileBytes: number;
  private readonly format: LineFormat;
  private readonly startMs: number | undefined;
  private readonly indexLagMs: number;
  private files: number;
  private current: number;
  private size = 0;
  private items = 0;
  private counts: number[] = [];
  private fd: number;
  private surplusFrom: number | undefined;

  constructor(options: WriterOptions, seq = 0) {
    this.directory = options.directory;
    this.base = join(options.directory, options.name ?? 'emqx.log');
    this.fileBytes = options.fileBytes;
    this.files = options.files;
    this.format = options.format ?? 'v5-text';
    this.startMs = options.startMs;
    this.indexLagMs = options.indexLagMs ?? 1.5;
    this.seq = seq;
    const before = this.readIndex();
    this.current = before ?? 1;
    if (before !== undefined && options.start === 'next') {
      this.current = this.after(before);
      this.fd = this.truncate();
    } else {
      this.fd = openSync(this.pathOf(this.current), 'a');
      this.size = statSync(this.pathOf(this.current)).size;
    }
    this.writeIndex();
    this.writeSizes();
  }

  pathOf(number: number): string {
    return `${this.base}.${number}`;
  }

  get currentPath(): string {
    return this.pathOf(this.current);
  }

  /** Writes `count` lines, as one write per file as the buffered disk_log does. Answers the last one's number. */
  write(count: number): number {
    let pending = '';
    let length = 0;
    for (let i = 0; i < count; i++) {
      const line = formatLine(this.format, this.seq++, this.startMs);
      const size = Buffer.byteLength(line);
      if (this.size + length + size > this.fileBytes && this.size + length > 0) {
        this.append(pending, length);
        pending = '';
        length = 0;
        this.wrap();
      }
      pending += line;
      length += size;
      this.items++;
    }
    this.append(pending, length);
    return this.seq - 1;
  }

  /** Writes bytes as they are, for what no formatter makes: torn lines, several lines, none. */
  writeRaw(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    writeSync(this.fd, bytes);
    this.size += bytes.length;
    this.bytes += bytes.length;
    this.items++;
  }

  /** Goes on in the next file. */
  wrap(): void {
    closeSync(this.fd);
    this.counts[this.current - 1] = this.items;
    this.items = 0;
    this.current = this.after(this.current);
    this.wraps++;
    this.fd = this.truncate();
    if (this.surplusFrom !== undefined) {
      for (let n = this.files + 1; n <= this.surplusFrom; n++) rmSync(this.pathOf(n), { force: true });
      this.surplusFrom = undefined;
    }
    if (this.indexLagMs === 0) this.writeIndex();
    else setTimeout(() => this.writeIndex(), this.indexLagMs);
  }

  /** A changed rotation count: more files come behind the highest; surplus ones go away with the next wrap. */
  resize(files: number): void {
    if (files < this.files) this.surplusFrom = this.files;
    this.files = files;
    this.writeSizes();
    this.writeIndex();
  }

  close(): void {
    this.writeIndex();
    closeSync(this.fd);
  }

  private after(number: number): number {
    return number >= this.files ? 1 : number + 1;
  }

  private append(text: string, length: number): void {
    if (length === 0) return;
    writeSync(this.fd, text);
    this.size += length;
    this.bytes += length;
  }

  private truncate(): number {
    this.size = 0;
    return openSync(this.currentPath, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
  }

  /** `00 | 00000000 | 02 | current(4) | count(8)...`; the count of the current file is the one of its last round. */
  private writeIndex(): void {
    if (!existsSync(this.directory)) return;
    const bytes = Buffer.alloc(10 + 8 * this.files);
    bytes[5] = 2;
    bytes.writeUInt32BE(this.current, 6);
    for (let i = 0; i < this.files; i++) bytes.writeBigUInt64BE(BigInt(this.counts[i] ?? 0), 10 + 8 * i);
    writeFileSync(`${this.base}.idx`, bytes);
  }

  private writeSizes(): void {
    const bytes = Buffer.alloc(13);
    bytes[0] = 2;
    bytes.writeBigUInt64BE(BigInt(this.fileBytes), 1);
    bytes.writeUInt32BE(this.files, 9);
    writeFileSync(`${this.base}.siz`, bytes);
  }

  private readIndex(): number | undefined {
    try {
      const bytes = readFileSync(`${this.base}.idx`);
      this.counts = [];
      for (let at = 10; at + 8 <= bytes.length; at += 8) this.counts.push(Number(bytes.readBigUInt64BE(at)));
      return bytes.readUInt32BE(6);
    } catch {
      return undefined;
    }
  }
}
