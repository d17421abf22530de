import type { FastifyInstance } from 'fastify';
import { Failure, reasonOf } from '../../core/errors.ts';

/**
 * Bodies are read as bytes first, so that one place decides what is taken: JSON, both kinds of forms, and nothing else.
 * A form arrives as fields of text; a file in it as the text it holds.
 */
export function addParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Clients announce JSON also where they send nothing.
    if (body === '') return done(null, undefined);
    return parseJson(request, body as string, done);
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, onlyOnce(new URLSearchParams(body as string))),
  );
  app.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer' },
    async (request: { headers: object }, body: Buffer) =>
      readMultipart((request.headers as Record<string, string>)['content-type'] ?? '', body),
  );
}

async function readMultipart(contentType: string, body: Buffer): Promise<Record<string, string>> {
  let form: FormData;
  try {
    form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  } catch (error) {
    throw new Failure('invalid_value', { name: 'body', reason: `not a multipart form: ${reasonOf(error)}` });
  }
  const fields: [string, string][] = [];
  for (const [name, value] of form) fields.push([name, typeof value === 'string' ? value : await value.text()]);
  return onlyOnce(fields);
}

function onlyOnce(fields: Iterable<readonly [string, string]>): Record<string, string> {
  const read: Record<string, string> = Object.create(null);
  for (const [name, value] of fields) {
    if (name in read) throw new Failure('invalid_value', { name, reason: 'given twice' });
    read[name] = value;
  }
  return read;
}
