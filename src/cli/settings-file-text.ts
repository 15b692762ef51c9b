import { WITHOUT_MODEL } from '../agents/without-model.ts'
import type { FoundModel } from '../doctor/find-models.ts'

/** What a new file of settings holds: what was chosen, and what is most often wanted. */
export function fileText(model: FoundModel | null): string {
  const chosen = model?.settings ?? [
    `# No model was found. Name one, or ${WITHOUT_MODEL}:`,
    '# upstreamOpenai: http://127.0.0.1:11434',
    '# model: chat/<name>',
  ]
  return `${[...HEAD, ...chosen, ...TAIL].join('\n')}\n`
}

const HEAD = [
  '# Settings of Millwright. All of them: docs/reference/settings.md',
  '# What holds now, and why: millwright config show',
  '',
]

const TAIL = [
  '',
  '# Jobs at the same time:',
  '# slots: 2',
  '',
  '# How repositories are read and pushed to. Secrets stay where they are:',
  '# git:',
  '#   credentials:',
  '#     - { match: https://github.com/acme, from: env, name: GITHUB_TOKEN }',
  '#     - { match: https://git.example/, from: command, run: [pass, show, git] }',
]
