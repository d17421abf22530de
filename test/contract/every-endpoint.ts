import { readdirSync } from 'node:fs';
import type { Endpoint } from '../../src/contract/endpoint.ts';

export interface NamedEndpoint {
  /** `METHOD /path`. */
  readonly call: string;
  readonly name: string;
  readonly endpoint: Endpoint;
}

// The folder is read, so that no file of the contract can be forgotten here.
const directory = new URL('../../src/contract/', import.meta.url);
const modules: Record<string, unknown>[] = await Promise.all(
  readdirSync(directory).map((file) => import(/* @vite-ignore */ new URL(file, directory).href)),
);

/** Every endpoint value of the contract. */
export const everyEndpoint: readonly NamedEndpoint[] = modules.flatMap((module) =>
  Object.entries(module).flatMap(([name, value]) =>
    isEndpoint(value) ? [{ name, endpoint: value, call: `${value.method} ${value.path}` }] : [],
  ),
);

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'caller' in value;
}
