import type { ExitCode } from '../core/errors.ts';
import { Failure, reasonOf } from '../core/errors.ts';
import { redactText } from '../core/redact.ts';
import type { Lang } from '../core/text.ts';
import type { Paint } from './color.ts';
import { printable } from './display.ts';

export interface Report {
  readonly exit: ExitCode;
  readonly text: string;
}

export interface ReportStyle {
  readonly program: string;
  readonly lang: Lang;
  /** As one JSON object, in English, for a script (contract: ours.md, Both programs). */
  readonly json: boolean;
  readonly debug: boolean;
  readonly paint: Paint;
}

/** Turns whatever was thrown into an exit code and the lines for stderr. */
export function reportOf(thrown: unknown, style: ReportStyle): Report {
  const failure = asFailure(thrown);
  const defaults = { program: style.program };
  const lang = style.json ? 'en' : style.lang;
  const message = clean(failure.sentence(lang, defaults));
  const hint = failure.nextStep(lang, defaults);
  if (style.json) {
    const { code, status, requestId } = failure;
    const error = {
      code,
      message,
      hint: hint ?? '',
      exit: failure.exit,
      ...(status && { status }),
      ...(requestId && { requestId }),
    };
    return { exit: failure.exit, text: `${JSON.stringify({ error })}\n` };
  }
  const zh = lang === 'zh';
  const lines = [style.paint(zh ? '错误：' : 'error: ', 'red') + message];
  if (hint) lines.push(style.paint(zh ? '提示：' : 'hint: ', 'cyan') + clean(hint));
  if (style.debug && failure.requestId) lines.push(`request id: ${failure.requestId}`);
  if (style.debug) lines.push(...traceOf(failure));
  // A command that was stopped by its user needs no explanation.
  return {
    exit: failure.exit,
    text: failure.code === 'interrupted' && !style.debug ? '' : `${lines.join('\n')}\n`,
  };
}

/** A directory that is read-only or a disk that is full is met anywhere, and is no fault of ours. */
function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const { code = '', path } = (thrown ?? {}) as NodeJS.ErrnoException;
  const reason = reasonOf(thrown);
  return typeof path === 'string' && refusedBySystem.has(code)
    ? new Failure('unusable_path', { path, reason }, { cause: thrown })
    : new Failure('internal', { reason }, { cause: thrown });
}

const refusedBySystem = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

function traceOf(failure: Failure): string[] {
  const stack = failure.cause instanceof Error ? failure.cause.stack : failure.stack;
  return stack ? [redactText(stack)] : [];
}

/** One line, without what could drive a terminal, and without secrets that a server or a library put into it. */
function clean(text: string): string {
  return printable(redactText(text.replace(/\s*\n\s*/g, ' ')));
}
