// Logs each line of stdin to stderr, and answers it on stdout.
import { createInterface } from 'node:readline'
import { pinoLog } from '../../src/platform/pino-log.ts'

const log = pinoLog({ level: 'info', destination: process.stderr })
for await (const line of createInterface({ input: process.stdin })) {
  log.info({}, line)
  process.stdout.write('logged\n')
}
