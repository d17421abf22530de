import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import type { Frame, FrameKind, FrameOf } from '../../../src/contract/frames.ts';
import { connectionId, decodeFrame, encodeFrame, TunnelError } from '../../../src/contract/frames.ts';
import { agentTopics, agentUserName } from '../../../src/server/tunnel/names.ts';

export interface FakeAgent {
  readonly client: MqttClient;
  readonly frames: Frame[];
  /** The next frame that has not been taken yet. */
  next<Kind extends FrameKind>(kind: Kind): Promise<FrameOf<Kind>>;
  reply<Kind extends FrameKind>(kind: Kind, id: string, header: FrameOf<Kind>['header'], body?: Uint8Array): void;
  raw(bytes: Buffer): void;
}

/** An agent whose every frame the test decides on. */
export async function fakeAgent(url: string, agentId: number, password = `secret-${agentId}`): Promise<FakeAgent> {
  const topics = agentTopics(agentId);
  const client = await connectAsync(url, {
    protocolVersion: 4,
    username: agentUserName(agentId),
    password,
    reconnectPeriod: 0,
    rejectUnauthorized: false,
    clean: false,
    clientId: `any-${agentId}`,
    will: {
      topic: topics.reply,
      payload: encodeFrame('error', connectionId, { code: 'cut', message: '' }),
      qos: 1,
      retain: false,
    },
  });
  const frames: Frame[] = [];
  const waiting: ((frame: Frame) => void)[] = [];
  client.on('message', (_, payload) => {
    const frame = read(payload);
    if (!frame) return;
    const next = waiting.shift();
    if (next) next(frame);
    else frames.push(frame);
  });
  /** What is asked in a version that nobody speaks is answered as an agent does. */
  function read(payload: Buffer): Frame | undefined {
    try {
      return decodeFrame(payload);
    } catch (error) {
      if (!(error instanceof TunnelError) || error.code !== 'version') throw error;
      client.publish(topics.reply, encodeFrame('error', error.id ?? '', error.header), { qos: 1 });
      return undefined;
    }
  }
  await client.subscribeAsync(topics.request, { qos: 1 });
  return {
    client,
    frames,
    async next(kind) {
      const frame = frames.shift() ?? (await new Promise<Frame>((resolve) => waiting.push(resolve)));
      if (frame.kind !== kind) throw new Error(`${frame.kind} came instead of ${kind}`);
      return frame as never;
    },
    reply(kind, id, header, body) {
      client.publish(topics.reply, encodeFrame(kind, id, header as never, body), { qos: 1 });
    },
    raw: (bytes) => void client.publish(topics.reply, bytes, { qos: 1 }),
  };
}

export function closing(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}
