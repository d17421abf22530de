import type { Static, TSchema } from '@sinclair/typebox';
import { Errors } from '@sinclair/typebox/errors';
import { Check, Clean } from '@sinclair/typebox/value';
import { Failure, reasonOf } from '../../core/errors.ts';

/** Reads a form field that holds JSON as text; an empty one is `{}`. */
export function readJsonField<S extends TSchema>(name: string, schema: S, text: string | undefined): Static<S> {
  let value: unknown;
  try {
    value = text === undefined || text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new Failure('invalid_value', { name, reason: `not JSON: ${reasonOf(error)}` });
  }
  const clean = Clean(schema, value);
  if (Check(schema, clean)) return clean;
  const error = Errors(schema, clean).First();
  throw new Failure('invalid_value', {
    name: `${name}${error?.path ?? ''}`,
    reason: error?.message ?? 'not what is expected',
  });
}
