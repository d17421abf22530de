import type { AgentStatus, PartReport } from '../../src/contract/control.ts';

/** Alive: the event loop turns, or nobody could read this. */
export function liveness(): { live: true } {
  return { live: true };
}

/** Ready: registered, and every part that is on does its work. */
export function isReady(status: AgentStatus): { ready: boolean; reasons: readonly string[] } {
  if (!status.registration) return { ready: false, reasons: ['not registered'] };
  const waiting = status.parts.filter((part) => part.state === 'failing' || part.state === 'starting');
  return { ready: waiting.length === 0, reasons: waiting.map((part) => `${part.name}: ${part.reason ?? part.state}`) };
}

/** The word for the whole agent. */
export function overall(registered: boolean, parts: readonly PartReport[]): AgentStatus['state'] {
  if (parts.some((part) => part.state === 'failing')) return 'degraded';
  return registered ? 'healthy' : 'unregistered';
}
