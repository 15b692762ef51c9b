import { WITHOUT_MODEL } from '../agents/without-model.ts'
import type { FoundModel } from '../doctor/find-models.ts'

/**
 * The text of a new configuration file. It selects the model, if one was found. Common settings are
 * commented out.
 */
export function fileText(model: FoundModel | null): string {
  const chosen = model?.settings ?? [
    `# No model was found. Without one, ${WITHOUT_MODEL}. To use a model server:`,
    '# upstreamOpenai: http://127.0.0.1:11434',
    '# model: chat/<name>',
  ]
  return `${[...HEAD, ...chosen, ...TAIL].join('\n')}\n`
}

const HEAD = [
  '# Millwright settings. docs/reference/settings.md lists all of them.',
  '# To show the settings in effect and their sources: millwright config show',
  '',
]

const TAIL = [
  '',
  '# How many jobs run at the same time:',
  '# slots: 2',
  '',
  '# Where the credentials for repositories are stored. Do not write credentials into this file:',
  '# git:',
  '#   credentials:',
  '#     - { match: https://github.com/acme, from: env, name: GITHUB_TOKEN }',
  '#     - { match: https://git.example/, from: command, run: [pass, show, git] }',
]
