/** One file of an archive. */
export interface TarEntry {
  /** Relative, at most 100 bytes. */
  readonly name: string;
  readonly content: Buffer;
}

/** A POSIX ustar archive of plain files (pubs.opengroup.org, pax: ustar Interchange Format). */
export function tar(entries: readonly TarEntry[], mtimeSeconds: number): Buffer {
  const blocks = entries.flatMap(({ name, content }) => {
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [header(name, content.length, mtimeSeconds), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function header(name: string, size: number, mtime: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  block.write(name, 0, 100);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  // The sum counts its own field as blanks.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
