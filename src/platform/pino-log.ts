import type { Writable } from 'node:stream'
import { type Logger as Pino, pino, stdTimeFunctions } from 'pino'
import type { Logger } from './log.ts'
import { LossyLines } from './lossy-lines.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/**
 * A log in JSON lines, with the level as a word and the time in ISO 8601. Lines that the
 * destination does not accept, for example because its disk is full, are lost. Their number is
 * logged as soon as the destination accepts a line again.
 */
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
      new LossyLines(options.destination, lossReport),
    ),
  )

const lossReport = (lost: number): string =>
  `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), lines: lost, msg: 'log lines were lost, because they could not be written' })}\n`

const wrap = (log: Pino): Logger => ({
  debug: (fields, message) => log.debug(fields, message),
  info: (fields, message) => log.info(fields, message),
  warn: (fields, message) => log.warn(fields, message),
  error: (fields, message) => log.error(fields, message),
  child: (fields) => wrap(log.child(fields)),
})
