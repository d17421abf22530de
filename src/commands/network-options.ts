import type { Options } from '../cli/command.ts';
import type { NetworkPort } from '../contract/deployments.ts';
import { protocols } from '../contract/states.ts';
import { Failure } from '../core/errors.ts';

const labels = protocols.map((protocol) => protocol.label);

export const networkOptions = {
  protocol: {
    kind: 'text',
    many: true,
    value: 'PROTOCOL[=PORT]',
    help: {
      en: `Protocol to open, with its external port: ${labels.join(', ')}`,
      zh: `开放的协议及其外部端口：${labels.join('、')}`,
    },
  },
  annotation: {
    kind: 'text',
    many: true,
    value: 'KEY=VALUE',
    help: { en: 'Annotation for the load balancer', zh: '负载均衡器注解' },
  },
} as const satisfies Options;

/** @throws Failure invalid_value where a protocol is none, or is given twice: a service has one port of a name. */
export function parseProtocols(texts: readonly string[]): NetworkPort[] {
  const ports = texts.map(parseProtocol);
  const twice = ports.find((port, at) => ports.findIndex(({ name }) => name === port.name) !== at);
  if (!twice) return ports;
  const label = protocols.find(({ name }) => name === twice.name)?.label ?? twice.name;
  throw new Failure('invalid_value', {
    name: '--protocol',
    reason: { en: `${label} is given twice`, zh: `${label} 重复` },
  });
}

/** `MQTT-SSL=31883` -> the port of the API; without a port the listener's own. */
function parseProtocol(text: string): NetworkPort {
  const [word = '', port] = text.split(/=(.*)/s);
  const protocol = protocols.find(({ label, name }) => [label.toLowerCase(), name].includes(word.toLowerCase()));
  if (!protocol) {
    throw new Failure('invalid_value', {
      name: '--protocol',
      reason: { en: `"${word}" is none of: ${labels.join(', ')}`, zh: `“${word}”不在可选值之内：${labels.join('、')}` },
    });
  }
  const external = port === undefined ? protocol.port : Number(port);
  if (Number.isInteger(external) && external >= 1 && external <= 65_535) {
    return { name: protocol.name, external, internal: protocol.port };
  }
  throw new Failure('invalid_value', {
    name: '--protocol',
    reason: { en: `"${port}" is not a port from 1 to 65535`, zh: `“${port}”不是 1 到 65535 之间的端口` },
  });
}

/** `['a=1', 'b=2']` -> `{a: '1', b: '2'}`; `flag` is the option they came by. */
export function parsePairs(flag: string, pairs: readonly string[] | undefined): Record<string, string> {
  const all: Record<string, string> = {};
  for (const pair of pairs ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) {
      throw new Failure('invalid_value', {
        name: flag,
        reason: { en: `"${pair}" is not KEY=VALUE`, zh: `“${pair}”不是 KEY=VALUE 形式` },
      });
    }
    all[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return all;
}
