import { describe, expect, it } from 'vitest';
import type { ClusterView, TrafficView } from '../../../agent/emqx/api.ts';
import { encodeTelemetry, type Figures, toTelemetry } from '../../../agent/emqx/telemetry.ts';
import { telemetryBytes, telemetryItems, telemetryScrape, telemetryText } from '../../../src/contract/telemetry.ts';

const cluster: ClusterView = { name: 'c', self: 'n', nodes: [], edition: 'enterprise', logDirectory: undefined };
const traffic: TrafficView = { traffic: { connections: 1 }, stats: {}, metrics: {} };
const figures: Figures = {
  traffic,
  alarms: [],
  rules: undefined,
  slow: {},
  exporter: undefined,
  exporterCut: false,
  error: undefined,
};
const of = (more: Partial<Figures>) => toTelemetry('a', 1, 5, cluster, { ...figures, ...more });

describe('telemetry', () => {
  it('leaves out what is not known', () => {
    expect(of({ traffic: undefined, alarms: undefined })).toEqual({
      version: 1,
      time: 1,
      agent: 'a',
      generation: 5,
      edition: 'enterprise',
      cluster: 'c',
      self: 'n',
      nodes: [],
    });
  });

  it('cuts long lists and long texts, and says which lists', () => {
    const rules = Array.from({ length: telemetryItems + 1 }, (_, n) => ({
      id: `r${n}`,
      enabled: true,
      sql: 'S'.repeat(10_000),
    }));
    const cut = of({ rules });
    expect(cut.rules?.length).toBe(telemetryItems);
    expect(cut.rules?.[0]?.sql.length).toBe(telemetryText);
    expect(cut.truncated).toEqual(['rules']);
    expect(encodeTelemetry(cut)?.length).toBeLessThan(telemetryBytes);
  });

  it('travels without the scrape where the message would be too long, and not at all where that does not help', () => {
    const scraped = of({ exporter: '"'.repeat(telemetryScrape) });
    expect(encodeTelemetry(scraped)?.length).toBeLessThan(telemetryBytes);
    const both = {
      ...scraped,
      metrics: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`metric.${n}`, n])),
    };
    const sent = JSON.parse(String(encodeTelemetry(both)));
    expect(sent.exporter).toBeUndefined();
    expect(sent.truncated).toEqual(['exporter']);
    const huge = { ...both, cluster: 'x'.repeat(telemetryBytes) };
    expect(encodeTelemetry(huge)).toBeUndefined();
  });
});
