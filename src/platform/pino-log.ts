import type { Writable } from 'node:stream'
import { type Logger as Pino, pino, stdTimeFunctions } from 'pino'
import type { Logger } from './log.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A log in JSON lines, with the level as a word and the time in ISO 8601. */
export const pinoLog = (options: {
  readonly level: LogLevel
  readonly destination: Writable
}): Logger =>
  wrap(
    pino(
      {
        level: options.level,
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: pino.stdSerializers.err },
      },
      options.destination,
    ),
  )

const wrap = (log: Pino): Logger => ({
  debug: (fields, message) => log.debug(fields, message),
  info: (fields, message) => log.info(fields, message),
  warn: (fields, message) => log.warn(fields, message),
  error: (fields, message) => log.error(fields, message),
  child: (fields) => wrap(log.child(fields)),
})
