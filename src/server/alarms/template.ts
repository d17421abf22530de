import { apiTime } from '../domain/times.ts';
import type { Change, Content } from './notices.ts';

/** Names that a template may put between `{{` and `}}`, also as `{{.Name}}`. */
export interface Facts {
  /** `firing` or `resolved`. */
  readonly status: string;
  readonly name: string;
  readonly message: string;
  readonly severity: string;
  readonly resourceType: string;
  readonly resourceId: string;
  readonly resourceName: string;
  readonly clusterId: string;
  readonly orgName: string;
  readonly projectName: string;
  readonly startsAt: string;
  readonly endsAt: string;
}

export const defaultTemplate = `{
  "status": "{{status}}",
  "name": "{{name}}",
  "message": "{{message}}",
  "severity": "{{severity}}",
  "resourceType": "{{resourceType}}",
  "resourceId": "{{resourceId}}",
  "resourceName": "{{resourceName}}",
  "org": "{{orgName}}",
  "project": "{{projectName}}",
  "startsAt": "{{startsAt}}",
  "endsAt": "{{endsAt}}"
}`;

/** Fills a template; values are escaped as inside a JSON string. What it does not know it leaves as it stands. */
export function render(template: string, facts: Facts): string {
  const values = new Map(Object.entries(facts).map(([name, value]) => [name.toLowerCase(), value]));
  return (template.trim() === '' ? defaultTemplate : template).replace(
    /\{\{\s*\.?(\w+)\s*\}\}/g,
    (whole, name: string) => {
      const value = values.get(name.toLowerCase());
      return value === undefined ? whole : JSON.stringify(value).slice(1, -1);
    },
  );
}

export interface Scope {
  readonly orgName: string;
  readonly projectName: string;
}

export function factsOf({ changes: [change], kept }: Content, scope: Scope): Facts {
  return change ? ofChange(change, scope) : ofStorm(kept, scope);
}

function ofChange({ kind, alarm }: Change, scope: Scope): Facts {
  return {
    ...scope,
    status: kind === 'resolved' ? 'resolved' : 'firing',
    name: alarm.name,
    message: alarm.message,
    severity: alarm.severity,
    resourceType: alarm.resource_type,
    resourceId: alarm.resource_id,
    resourceName: alarm.resource_name,
    clusterId: alarm.cluster_id,
    startsAt: apiTime(alarm.starts_at),
    endsAt: apiTime(alarm.ends_at),
  };
}

function ofStorm(kept: number, scope: Scope): Facts {
  return {
    ...scope,
    status: 'firing',
    name: 'alarm_storm',
    message: `${kept} more alarms changed; they were not sent one by one`,
    severity: 'critical',
    resourceType: '',
    resourceId: '',
    resourceName: '',
    clusterId: '',
    startsAt: apiTime(0),
    endsAt: apiTime(0),
  };
}

/** An alarm of nobody, for preview and test. */
export function exampleFacts(scope: Scope, now: number): Facts {
  return {
    ...scope,
    status: 'firing',
    name: 'example',
    message: 'this is a test, nothing is wrong',
    severity: 'normal',
    resourceType: 'cluster',
    resourceId: 'abcdefabcdef',
    resourceName: 'example',
    clusterId: 'abcdefabcdef',
    startsAt: apiTime(now),
    endsAt: apiTime(0),
  };
}
