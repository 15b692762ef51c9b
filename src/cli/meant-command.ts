import { nearMiss } from '../domain/near-miss.ts'
import { COMMANDS, nameOf } from './commands.ts'

/** Words that people use for a command that has another name here. */
const MEANT: Readonly<Record<string, string>> = {
  stop: 'cancel',
  kill: 'cancel',
  abort: 'cancel',
  pause: 'cancel',
  list: 'jobs',
  ls: 'jobs',
  ps: 'jobs',
  status: 'show',
  log: 'logs',
  tail: 'logs',
  run: 'submit',
  start: 'up',
  serve: 'up',
  settings: 'config',
  costs: 'usage',
  cost: 'usage',
}

/** Words with which users try to send a message to a running agent. No command can do so. */
const SPEAKING = new Set(['say', 'send', 'steer', 'message', 'prompt', 'tell', 'update'])

/**
 * Returns the error message for an unknown command, which suggests the command that was probably
 * meant. Returns null if the word is a known command or a flag.
 */
export function unknownCommand(word: string | undefined): string | null {
  const names = COMMANDS.map(nameOf)
  if (word === undefined || word.startsWith('-') || [...names, 'help'].includes(word)) return null
  const unknown = `There is no command ${JSON.stringify(word)}.`
  if (SPEAKING.has(word)) {
    return `${unknown} A running agent cannot receive messages: stop the job with "cancel", which keeps its work, then continue it with "retry" and --prompt`
  }
  const meant = names.find((name) => name === MEANT[word]) ?? nearMiss(word, names)
  return meant === undefined ? unknown : `${unknown} Did you mean ${meant}?`
}
