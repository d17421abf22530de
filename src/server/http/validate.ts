import type { TObject, TSchema } from '@sinclair/typebox';
import { Kind, OptionalKind } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Clean, Default } from '@sinclair/typebox/value';
import { Failure } from '../../core/errors.ts';

/** Takes what came in and answers what the handler gets, known fields only; throws `invalid_value`. */
export type Reader = (input: unknown) => unknown;

/** For JSON: types are as sent, defaults are filled in, unknown fields are dropped. */
export function jsonReader(schema: TSchema): Reader {
  const check = TypeCompiler.Compile(schema);
  return (input) => accept(check, Clean(schema, Default(schema, input ?? {})));
}

/** For paths, queries and forms, where everything is text: numbers and booleans are read from it. */
export function textReader(schema: TSchema): Reader {
  const check = TypeCompiler.Compile(schema);
  const fields = Object.entries((schema as TObject).properties);
  return (input) => {
    const given = (input ?? {}) as Readonly<Record<string, unknown>>;
    const read: Record<string, unknown> = {};
    for (const [name, field] of fields) {
      const value = Object.hasOwn(given, name) ? fromText(field, given[name]) : field.default;
      if (value !== undefined) read[name] = value;
    }
    return accept(check, read);
  };
}

function accept(check: ReturnType<typeof TypeCompiler.Compile>, value: unknown): unknown {
  if (!check.Check(value)) {
    const error = check.Errors(value).First();
    const name = error?.path.slice(1).replaceAll('/', '.') || 'body';
    throw new Failure('invalid_value', { name, reason: error?.message ?? 'not what is expected' });
  }
  if (holdsNul(value)) throw new Failure('invalid_value', { name: 'text', reason: 'a NUL character is not allowed' });
  return value;
}

function fromText(schema: TSchema, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (schema.anyOf) {
    // The first alternative that the text can be read as; `''` stays itself and fits its literal.
    for (const alternative of schema.anyOf as TSchema[]) {
      const read = fromText(alternative, value);
      if (read !== value) return read;
    }
    return value;
  }
  switch (schema[Kind]) {
    case 'Integer':
    case 'Number':
      return readNumber(schema, value);
    case 'Boolean':
      return readBoolean(schema, value);
    default:
      return value;
  }
}

function readNumber(schema: TSchema, text: string): unknown {
  // A form sends an empty field for "not given".
  if (text === '' && isOptional(schema)) return schema.default;
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

function readBoolean(schema: TSchema, text: string): unknown {
  if (text === '' && isOptional(schema)) return schema.default;
  if (/^true$/i.test(text)) return true;
  return /^false$/i.test(text) ? false : text;
}

function isOptional(schema: TSchema): boolean {
  return schema[OptionalKind] === 'Optional';
}

/** The state cannot hold it, and nobody means it: refused at the door. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => name.includes('\0') || holdsNul(inner));
}
