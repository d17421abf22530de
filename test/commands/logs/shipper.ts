import type { TestServer } from '../../server/support.ts';

export interface Line {
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level?: string;
  readonly node?: string;
}

/** Ships log lines to a managed cluster as its agent does. */
export type Shipper = (lines: readonly Line[]) => Promise<void>;

export async function shipper(server: TestServer, registrationToken: string, nodeId: string): Promise<Shipper> {
  const base = '/api/clusters/agents/emqxee';
  const { body } = await server.call('POST', `${base}/register`, { json: { nodeId, registrationToken } });
  const metadata = await server.call('GET', `${base}/metadata`, { headers: { authorization: `Bearer ${body.token}` } });
  const { username, password, indexName } = metadata.body.elasticsearch;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  let count = 0;
  return async (lines) => {
    const content = lines
      .map(({ message, time, level = 'info', node = 'emqx@10.0.0.1' }) => {
        const action = { create: { _index: indexName, _id: `${nodeId}-${count++}` } };
        const document = {
          '@timestamp': new Date(time).toISOString(),
          'log.level': level,
          message,
          'event.dataset': 'emqx.log',
          'service.node.name': node,
        };
        return `${JSON.stringify(action)}\n${JSON.stringify(document)}\n`;
      })
      .join('');
    const headers = { authorization, 'content-type': 'application/x-ndjson' };
    const answer = await server.call('POST', '/_bulk', { body: content, headers });
    if (answer.status !== 200 || answer.body.errors) throw new Error(`bulk: ${JSON.stringify(answer.body)}`);
  };
}
