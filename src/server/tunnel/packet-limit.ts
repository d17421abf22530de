import type { Duplex } from 'node:stream';

/**
 * Cuts a connection that announces an MQTT packet over `limit` bytes, before its bytes are collected: the broker's
 * parser would otherwise buffer up to 256 MiB for anybody who can connect. Works on the stream's `read`, the only way
 * the broker takes bytes, so nothing is copied.
 */
export function limitPackets(stream: Duplex, limit: number): void {
  const read = stream.read.bind(stream);
  /** Bytes of the present packet still to come. */
  let left = 0;
  /** Bytes of the fixed header seen: 0 none, then the type, then those of the length. */
  let seen = 0;
  let length = 0;
  const isTooLong = (bytes: Uint8Array): boolean => {
    let at = 0;
    while (at < bytes.length) {
      if (left > 0) {
        const skip = Math.min(left, bytes.length - at);
        left -= skip;
        at += skip;
        continue;
      }
      const byte = bytes[at++] as number;
      if (seen++ === 0) {
        length = 0;
        continue;
      }
      length += (byte & 0x7f) * 128 ** (seen - 2);
      if (length > limit || seen > 5) return true;
      if ((byte & 0x80) !== 0) continue;
      left = length;
      seen = 0;
    }
    return false;
  };
  stream.read = (size?: number) => {
    const bytes: unknown = read(size);
    if (!(bytes instanceof Uint8Array) || !isTooLong(bytes)) return bytes;
    stream.destroy(new Error(`a packet over ${limit} bytes`));
    return null;
  };
}
