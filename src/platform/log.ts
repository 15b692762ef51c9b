/** Values that vary; the message is constant. Common names: job, attempt, worker, step, durationMs. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * The program's log, one JSON object per line. error: a person must act. warn: handled but abnormal.
 * info: one line per state change. debug: loops. Output of agents does not belong here.
 */
export type Logger = {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  child(fields: LogFields): Logger
}

/** For tests and for commands that have nothing to log. */
export const silentLog: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
}
