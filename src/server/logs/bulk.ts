import { randomUUID } from 'node:crypto';
import type { LogDocument } from './document.ts';
import { readDocument } from './document.ts';

/** What became of a document. */
export type Fate = 'created' | 'updated' | 'exists';

/** One action of a bulk body: a document to write, or an answer that is clear already. */
export interface BulkItem {
  readonly action: string;
  readonly index: string;
  /** Given, or made here: then there is none like it. */
  readonly id: string;
  readonly isNew: boolean;
  readonly document: LogDocument | undefined;
  readonly error: { readonly status: number; readonly type: string; readonly reason: string } | undefined;
}

const mostItems = 50_000;
const longestId = 512;

/** The body as a whole cannot be read. */
export class MalformedBulk extends Error {
  /** HTTP status, as Elasticsearch has it. */
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413 = 400) {
    super(message);
    this.status = status;
  }
}

/** Reads the lines of a bulk body: action and document in turn, each line ended by a line feed. */
export function readBulk(body: string, defaultIndex: string): BulkItem[] {
  if (body !== '' && !body.endsWith('\n')) {
    throw new MalformedBulk('The bulk request must be terminated by a newline [\\n]');
  }
  const lines = body.split('\n');
  const items: BulkItem[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at++] ?? '';
    if (line.trim() === '') continue;
    if (items.length >= mostItems) throw new MalformedBulk(`more than ${mostItems} actions in one request`);
    const { action, index, id } = readAction(line, defaultIndex);
    if (action === 'create' || action === 'index') items.push(readItem(action, index, id, lines[at++] ?? ''));
    else {
      if (action === 'update') at++;
      const error = { status: 400, type: 'illegal_argument_exception', reason: `${action} is not offered here` };
      items.push({ action, index, id: id ?? '', isNew: false, document: undefined, error });
    }
  }
  return items;
}

/** An action as the agent writes it, which is most of them: read without the detour over an object. */
const usualAction = /^\{"create":\{"_id":"([\w-]{1,512})"\}\}$/;

function readAction(line: string, defaultIndex: string): { action: string; index: string; id: string | undefined } {
  const usual = usualAction.exec(line);
  if (usual) return { action: 'create', index: defaultIndex, id: usual[1] };
  const [[action, target] = []] = Object.entries(parse(line) ?? {});
  if (action === undefined || typeof target !== 'object' || target === null) {
    throw new MalformedBulk('Malformed action/metadata line, expected an action with an object');
  }
  const { _index: index = defaultIndex, _id: id } = target as Record<string, unknown>;
  if (typeof index !== 'string' || index === '') throw new MalformedBulk('an action has no index');
  if (id !== undefined && (typeof id !== 'string' || id === '' || id.length > longestId || id.includes('\0'))) {
    throw new MalformedBulk(`an _id is not 1 to ${longestId} characters`);
  }
  return { action, index, id };
}

function readItem(action: string, index: string, id: string | undefined, line: string): BulkItem {
  const document = readDocument(parse(line));
  const given = { action, index, id: id ?? randomUUID(), isNew: id === undefined };
  if (typeof document !== 'string') return { ...given, document, error: undefined };
  const error = { status: 400, type: 'document_parsing_exception', reason: document };
  return { ...given, document: undefined, error };
}

function parse(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The answer in Elasticsearch's form, one item for each action and in its order; `fates` are those of the documents. */
export function bulkAnswer(items: readonly BulkItem[], fates: readonly Fate[], tookMs: number): object {
  let at = 0;
  let errors = false;
  const answers = items.map(({ action, index, id, document, error }) => {
    const fate = document ? fates[at++] : undefined;
    const head = { _index: index, _id: id };
    const failed =
      error ??
      (fate === 'exists'
        ? { status: 409, type: 'version_conflict_engine_exception', reason: `[${id}]: document already exists` }
        : undefined);
    if (failed) {
      errors = true;
      const { status, type, reason } = failed;
      return { [action]: { ...head, status, error: { type, reason, index } } };
    }
    const status = fate === 'updated' ? 200 : 201;
    return { [action]: { ...head, _version: 1, result: fate, status } };
  });
  return { took: tookMs, errors, items: answers };
}

/** A failure in the form that Elasticsearch's clients read. */
export function failureBody(status: number, type: string, reason: string): object {
  return { error: { type, reason, root_cause: [{ type, reason }] }, status };
}
