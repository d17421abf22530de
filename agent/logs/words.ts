let bytes: Uint8Array | undefined;
let view: DataView = new DataView(new ArrayBuffer(0));

/** A view of `b` for reading four bytes at once; kept, since neighbouring calls ask about the same slab. */
export function viewOf(b: Uint8Array): DataView {
  if (b !== bytes) {
    bytes = b;
    view = new DataView(b.buffer, b.byteOffset, b.byteLength);
  }
  return view;
}
