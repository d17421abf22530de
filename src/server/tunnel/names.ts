/** The name an agent goes by at the broker and the log intake. */
export function agentUserName(agentId: number): string {
  return `agent-${agentId}`;
}

/** The id behind such a name; undefined for any other. */
export function agentIdOf(userName: string): number | undefined {
  const [, id] = /^agent-([1-9]\d{0,14})$/.exec(userName) ?? [];
  return id === undefined ? undefined : Number(id);
}

/** The topics of one agent; it may touch no other (ours.md, Agent and server). */
export function agentTopics(agentId: number): { request: string; reply: string; telemetry: string } {
  const base = `ecp/agents/${agentId}`;
  return { request: `${base}/request`, reply: `${base}/reply`, telemetry: `${base}/telemetry` };
}

/** Filters for everything that agents send. */
export const fromAgents: readonly string[] = ['ecp/agents/+/reply', 'ecp/agents/+/telemetry'];

/** Reads a topic that agents publish to; undefined for every other one. */
export function readTopic(
  topic: string,
): { readonly agentId: number; readonly kind: 'reply' | 'telemetry' } | undefined {
  const [, digits, kind] = /^ecp\/agents\/([1-9]\d{0,14})\/(reply|telemetry)$/.exec(topic) ?? [];
  return digits === undefined ? undefined : { agentId: Number(digits), kind: kind as 'reply' | 'telemetry' };
}
