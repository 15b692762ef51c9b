/**
 * The values that vary between lines with the same message. Common names: job, attempt, worker,
 * step, durationMs.
 */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * The program's log, one JSON object per line. Use `error` if a person must act, `warn` for an
 * abnormal event that was handled, `info` for one line per state change, and `debug` inside loops.
 * Output of agents does not belong here.
 */
export type Logger = {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  child(fields: LogFields): Logger
}

/** A logger that discards everything, for tests and for commands that have nothing to log. */
export const silentLog: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
}
