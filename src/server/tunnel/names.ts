/** The name an agent goes by at the broker and the log intake. */
export function agentUserName(agentId: number): string {
  return `agent-${agentId}`;
}

/** The id behind such a name; undefined for any other. */
export function agentIdOf(userName: string): number | undefined {
  const [, id] = /^agent-([1-9]\d{0,14})$/.exec(userName) ?? [];
  return id === undefined ? undefined : Number(id);
}

/**
 * The topics of one agent; it may touch no other (ours.md, Agent and server). Its user name is a level of its own, so
 * that a broker of others can be told the rights of all agents in one pattern.
 */
export function agentTopics(agentId: number): { request: string; reply: string; telemetry: string } {
  const base = `ecp/agents/${agentUserName(agentId)}`;
  return { request: `${base}/request`, reply: `${base}/reply`, telemetry: `${base}/telemetry` };
}

/** Filters for what agents send. */
export const fromAgents = { reply: 'ecp/agents/+/reply', telemetry: 'ecp/agents/+/telemetry' } as const;

/** Reads a topic that agents publish to; undefined for every other one. */
export function readTopic(
  topic: string,
): { readonly agentId: number; readonly kind: 'reply' | 'telemetry' } | undefined {
  const [, userName = '', kind] = /^ecp\/agents\/([^/]+)\/(reply|telemetry)$/.exec(topic) ?? [];
  const agentId = agentIdOf(userName);
  return agentId === undefined ? undefined : { agentId, kind: kind as 'reply' | 'telemetry' };
}
