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

/** Words for speaking to a running agent, which no command does. */
const SPEAKING = new Set(['say', 'send', 'steer', 'message', 'prompt', 'tell', 'update'])

/**
 * What to answer to a first word that is not a command; null if it is one, or a flag. Names the
 * command that the person probably meant.
 */
export function unknownCommand(word: string | undefined): string | null {
  const names = COMMANDS.map(nameOf)
  if (word === undefined || word.startsWith('-') || [...names, 'help'].includes(word)) return null
  const unknown = `There is no command ${JSON.stringify(word)}.`
  if (SPEAKING.has(word)) {
    return `${unknown} A running agent cannot be spoken to: "cancel" the job, which keeps its work, then "retry" it with --prompt`
  }
  const meant = names.find((name) => name === MEANT[word]) ?? nearMiss(word, names)
  return meant === undefined ? unknown : `${unknown} Did you mean ${meant}?`
}
