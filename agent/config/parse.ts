import type { TSchema } from '@sinclair/typebox';
import { Value, type ValueError, ValueErrorType } from '@sinclair/typebox/value';
import { LineCounter, parseDocument } from 'yaml';
import { Failure } from '../../src/core/errors.ts';
import { type FileContent, fileSchema } from './schema.ts';

/** More than any sensible agent.yaml; a file of another kind given by mistake is not read into memory twice. */
const maxCharacters = 256 * 1024;

/** The checked content of agent.yaml. Throws `config_invalid`, naming the line, the key and what is allowed there. */
export function parseConfig(source: string, path: string): FileContent {
  const failure = (en: string, zh: string) => new Failure('config_invalid', { path, reason: { en, zh } });
  if (source.length > maxCharacters) throw failure('larger than 256 KiB', '大于 256 KiB');
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors[0];
  if (syntax) {
    const { line } = lines.linePos(syntax.pos[0]);
    throw failure(`line ${line}: ${syntax.message}`, `第 ${line} 行：${syntax.message}`);
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure(reason, reason);
  }
  const clean = withoutEmpty(content);
  const wrong = Value.Errors(fileSchema, clean).First();
  if (!wrong) return clean as FileContent;

  const keys = wrong.path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const line = lineOf(keys);
  const where = line === undefined ? { en: '', zh: '' } : { en: `line ${line}: `, zh: `第 ${line} 行：` };
  const words = sentenceOf(wrong, keys);
  throw failure(where.en + words.en, where.zh + words.zh);

  /** The line of the key itself, which for a list of values is what an editor jumps to. */
  function lineOf(path: readonly string[]): number | undefined {
    for (let depth = path.length; depth > 0; depth--) {
      const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
      const items = (parent as { items?: unknown[] } | null)?.items ?? [];
      for (const item of items) {
        const key = (item as { key?: { value?: unknown; range?: [number, number, number] } }).key;
        if (key?.range && String(key.value) === path[depth - 1]) return lines.linePos(key.range[0]).line;
      }
    }
    return undefined;
  }
}

function sentenceOf(error: ValueError, keys: readonly string[]): { en: string; zh: string } {
  const name = keys.join('.') || 'the file';
  if (error.type === ValueErrorType.ObjectAdditionalProperties) {
    const allowed = Object.keys((error.schema as { properties?: Record<string, TSchema> }).properties ?? {}).join(', ');
    return {
      en: `${name} is not a setting; allowed here: ${allowed}`,
      zh: `${name} 不是有效的设置；此处允许：${allowed}`,
    };
  }
  const expected = String(error.schema.expected ?? error.message);
  const given = typeof error.value === 'object' ? 'a list or mapping' : JSON.stringify(error.value);
  return { en: `${name} must be ${expected}, not ${given}`, zh: `${name} 应为 ${expected}，而不是 ${given}` };
}

/** `logger:` with nothing under it reads as null in YAML and means the defaults. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value) || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutEmpty(inner)]),
  );
}
