import type { Plugin } from 'esbuild';

export const slimUndici: Plugin;
