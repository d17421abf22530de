export type LineFormat = 'v5-text' | 'v5-json' | 'v4-text' | 'v4-json';

const levels = ['debug', 'info', 'notice', 'warning', 'error'] as const;
const messages = [
  'authorization_permission_denied',
  'socket_force_closed',
  'tcp_closed',
  'dropped_msg_due_to_mqueue_is_full',
];

/** Time of line 0 in milliseconds, fixed so that a line's bytes depend on its number alone. */
const usualStart = Date.UTC(2026, 10, 20, 20, 24, 36);

function isoOf(micros: number): string {
  const ms = Math.floor(micros / 1000);
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros - ms * 1000).padStart(3, '0')}+00:00`;
}

/** One event as EMQX's formatters write it, 37 microseconds after the one before, with ` seq: NNNNNNNNNN` at its end. */
export function formatLine(format: LineFormat, seq: number, startMs = usualStart): string {
  const level = levels[seq % levels.length] as string;
  const msg = messages[seq % messages.length] as string;
  const id = String(seq).padStart(10, '0');
  const peer = `10.1.${seq % 250}.${(seq >> 8) % 250}:${1024 + (seq % 60_000)}`;
  const client = `dev-${(seq * 2_654_435_761) % 4_294_967_296}`;
  const micros = startMs * 1000 + seq * 37;
  switch (format) {
    case 'v5-text':
      return `${isoOf(micros)} [${level}] tag: MQTT, clientid: ${client}, msg: ${msg}, peername: ${peer}, username: u${seq % 999}, topic: plant/温度/${seq % 7}, reason: not_authorized, packet: PUBLISH(Q0, R0, D0, Topic=t/1, PacketId=undefined), seq: ${id}\n`;
    case 'v4-text':
      return `${isoOf(micros)} [${level}] ${client}@${peer} [MQTT] RECV PUBLISH(Q0, R0, D0, Topic=t/1, Payload=<<"a \\"b\\"">>), seq: ${id}\n`;
    case 'v5-json':
      return `{"time":${micros},"level":"${level}","msg":"${msg}","clientid":"${client}","peername":"${peer}","topic":"plant/温度/${seq % 7}","pid":"<0.3159.0>","line":575,"reason":{"code":5,"text":"not \\"authorized\\""},"n":"seq: ${id}"}\n`;
    case 'v4-json':
      return `{"time":${micros},"pid":"<0.1984.0>","peername":"${peer}","msg":"[MQTT] RECV <<52,140>>, seq: ${id}","line":732,"level":"${level}","gl":"<0.1372.0>","clientid":"${client}","mfa":"emqx_connection:handle_msg/2"}\n`;
  }
}
