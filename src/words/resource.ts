import { safeLine } from './safe-text.ts'

/** Names a resource, such as `the host https://git.example`, without the hash of its account. */
export function resourceText(key: string): string {
  const [, word = '', name = ''] = /^(\w+):([^#]*)/.exec(key) ?? []
  return `the ${word} ${safeLine(name)}`
}
