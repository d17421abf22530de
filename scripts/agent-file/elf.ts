export interface NodeBinary {
  readonly bits: 32 | 64;
  /** e_machine: 62 x86-64, 40 arm, 183 aarch64. */
  readonly machine: number;
  /** Version of Node, without the v. */
  readonly version: string;
}

const sentinel = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** The switch that postject turns, by the name Node gives it ("Single executable applications" in Node's manual). */
export const fuse = sentinel;

/** Reads what a Linux build of Node says about itself, without running it; a sentence instead where it is none. */
export function readNodeBinary(bytes: Buffer): NodeBinary | string {
  if (bytes.length < 52 || bytes.readUInt32BE(0) !== 0x7f454c46) return 'not an ELF file';
  if (bytes[5] !== 1) return 'not a little-endian ELF file';
  if (!bytes.includes(`${sentinel}:0`)) {
    return bytes.includes(`${sentinel}:1`)
      ? 'already carries an application'
      : 'not a Node that can carry an application';
  }
  const version = releaseOf(bytes);
  if (version === undefined) return 'a Node that does not name its release';
  return { bits: bytes[4] === 1 ? 32 : 64, machine: bytes.readUInt16LE(18), version };
}

/** `process.release.sourceUrl` is compiled in: the one place where every release, unofficial ones too, names itself. */
function releaseOf(bytes: Buffer): string | undefined {
  const marker = '/download/release/v';
  const at = bytes.indexOf(marker);
  if (at < 0) return undefined;
  const text = bytes.toString('latin1', at + marker.length, at + marker.length + 20);
  return /^\d+\.\d+\.\d+/.exec(text)?.[0];
}
