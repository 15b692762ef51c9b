import { describe, expect, it } from 'vitest'
import { parseConfigFile } from './file.ts'
import { given, readConfig } from './read.ts'
import { UpConfig } from './settings.ts'
import { spellings } from './spelling.ts'

const parse = (text: string) => parseConfigFile(text, 'millwright.yaml')
const read = (text: string) => readConfig(UpConfig, { flags: {}, env: {}, file: parse(text) })

const WHOLE = `
# what this machine may do
slots: 4
label: [gpu, linux]
allowLocal: true
git:
  credentials:
    - match: https://github.com/acme
      from: env
      name: GITHUB_TOKEN
    - { match: https://git.example/, user: bot, from: command, run: [pass, show, git] }
    - { match: 'ssh://git@git.example/', from: ssh-agent }
`

describe('a file of settings', () => {
  it('holds numbers, lists, switches and groups', () => {
    expect(read(WHOLE)).toMatchObject({
      slots: 4,
      label: ['gpu', 'linux'],
      allowLocal: true,
      gitCredential: [
        { match: new URL('https://github.com/acme'), from: 'env', name: 'GITHUB_TOKEN' },
        { user: 'bot', from: 'command', run: ['pass', 'show', 'git'] },
        { from: 'ssh-agent' },
      ],
    })
  })

  it('is weaker than the environment, and that than a flag', () => {
    const file = parse('slots: 4')
    const slots = (flags: object, env: Record<string, string>) =>
      readConfig(UpConfig, { flags: { ...flags }, env, file }).slots
    expect(slots({}, {})).toBe(4)
    expect(slots({}, { MILLWRIGHT_SLOTS: '5' })).toBe(5)
    expect(slots({ slots: '6' }, { MILLWRIGHT_SLOTS: '5' })).toBe(6)
  })

  it('says on which line a setting stands', () => {
    const setting = spellings(UpConfig).find(({ key }) => key === 'gitCredential')!
    const source = given(setting, { flags: {}, env: {}, file: parse(WHOLE) })?.source
    expect(source).toBe('millwright.yaml:7 git.credentials')
  })

  it('may be empty', () => {
    expect(read('').slots).toBe(2)
    expect(read('# nothing\n').slots).toBe(2)
  })

  it.each([
    [
      'a slip',
      'port: 1\nslot: 4',
      'millwright.yaml:2: "slot" is not a setting; did you mean slots?',
    ],
    ['a slip in a group', 'git:\n  credential: []', 'did you mean git.credentials?'],
    [
      'a stranger',
      'colour: red',
      '"colour" is not a setting; docs/reference/settings.md lists all settings',
    ],
    ['its own place', 'config: other.yaml', '"config" is not a setting'],
    ['the same twice', 'slots: 1\nslots: 2', 'millwright.yaml:2: Map keys must be unique'],
    ['no YAML', 'slots: [1', 'millwright.yaml:1:'],
    ['a list', '- slots', 'millwright.yaml:1: the file must contain settings'],
  ])('with %s is refused with its line', (_, text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  it('with a wrong value is refused by line and place', () => {
    expect(() => read('port: 1\nslots: many')).toThrow('millwright.yaml:2 slots: ')
    expect(() => read('git:\n  credentials: [{ match: "https://a/", from: env }]')).toThrow(
      'millwright.yaml:2 git.credentials.0',
    )
  })

  it('cannot grow by repeating a part of itself', () => {
    expect(() => read('label: &a [x]\nallowHost: *a')).toThrow(
      'millwright.yaml:2: a YAML alias (*name) is not allowed',
    )
  })
})
