import { plain, simd } from './kernel.generated.ts';

/** What we use of WebAssembly; Node's types have nothing of it. */
interface Assembly {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
}
declare const WebAssembly: Assembly;

/** One instance of the kernel with a memory of its own, laid out as layout.ts says. Its memory never grows. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Makes documents until it answers why it cannot go on: `usedUp`, `bodyFull`, `needsTime`. */
  run(): number;
}

/** `plain` does without vectors: for processors that have none, such as an ARMv7 without NEON. */
export type Build = 'simd' | 'plain';

const modules: Partial<Record<Build, object>> = {};

/** Makes an instance; the module is compiled with the first one. */
export function newKernel(build: Build = bestBuild()): Kernel {
  modules[build] ??= new WebAssembly.Module(bytesOf(build));
  return new WebAssembly.Instance(modules[build]).exports as Kernel;
}

const bytesOf = (build: Build): Buffer => Buffer.from(build === 'simd' ? simd : plain, 'base64');

let best: Build | undefined;

function bestBuild(): Build {
  best ??= WebAssembly.validate(bytesOf('simd')) ? 'simd' : 'plain';
  return best;
}
