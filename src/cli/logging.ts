import type { Logger } from '../platform/log.ts'
import { type LogLevel, pinoLog } from '../platform/pino-log.ts'
import { humanLog } from './print/human-log.ts'
import type { Terminal } from './terminal.ts'

/** The log of a daemon: short lines for a person at a terminal, JSON lines for everything else. */
export const daemonLog = (terminal: Terminal, level: LogLevel): Logger =>
  terminal.isTTY.stderr
    ? humanLog(terminal, level)
    : pinoLog({ level, destination: terminal.stderr })
