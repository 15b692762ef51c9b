import type { LogFields, Logger } from '../../platform/log.ts'
import type { LogLevel } from '../../platform/pino-log.ts'
import type { Terminal } from '../terminal.ts'
import { safeLine } from '../../words/safe-text.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** A log for a terminal, with one short line for each entry. Errors include their stack. */
export function humanLog(
  terminal: Pick<Terminal, 'stderr'>,
  level: LogLevel,
  fixed: LogFields = {},
): Logger {
  const least = LEVELS.indexOf(level)
  const at = (own: LogLevel) => (fields: LogFields, message: string) => {
    if (LEVELS.indexOf(own) < least) return
    const time = new Date().toTimeString().slice(0, 8)
    const words = Object.entries({ ...fixed, ...fields }).map(([key, value]) => pair(key, value))
    const mark = own === 'info' || own === 'debug' ? '' : `${own}: `
    terminal.stderr.write(`${[time, `${mark}${message}`, ...words].join('  ')}\n`)
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => humanLog(terminal, level, { ...fixed, ...fields }),
  }
}

/** Formats a field. Shortens job ids, as in all output for people. */
function pair(key: string, value: unknown): string {
  if (value instanceof Error) return `${key}=${value.stack ?? value.message}`
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return safeLine(`${key}=${key === 'job' || key === 'jobId' ? text.slice(-12) : text}`)
}
