// node scripts/reference.ts: writes docs/reference from the tables in src/domain.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT_CODES } from '../src/cli/exit-codes.ts'
import { HubConfig, spellings, WorkerConfig } from '../src/config/settings.ts'
import { ERRORS } from '../src/domain/errors.ts'
import { type Hint, hintText } from '../src/domain/hint.ts'
import { REASONS } from '../src/domain/reasons.ts'
import { ROOT } from './run.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`

const whatToDo = (fix: Hint | null): string => (fix === null ? 'nothing to do' : hintText(fix))

/** The reference pages as they should be. */
export function referenceDocuments(): readonly { path: string; text: string }[] {
  const errors = Object.entries(ERRORS).map(([code, { status, retryable, fix }]) =>
    row([`\`${code}\``, String(status), retryable ? 'yes' : 'no', hintText(fix)]),
  )
  const reasons = Object.entries(REASONS).map(([code, { means, retry, fix }]) =>
    row([`\`${code}\``, means, retry ? 'yes' : 'no', whatToDo(fix)]),
  )
  return [
    {
      path: 'docs/reference/errors.md',
      text: page(
        'Errors',
        'Codes of problem documents and of the command line. They never change meaning.',
        'code | HTTP status | the same call may work later | what to do',
        errors,
      ),
    },
    {
      path: 'docs/reference/reasons.md',
      text: page(
        'Reasons',
        'Why a job is in its state. They never change meaning.',
        'reason | what happened | tried again by itself | what to do',
        reasons,
      ),
    },
    {
      path: 'docs/reference/exit-codes.md',
      text: page(
        'Exit codes',
        'What the exit code of every command means. They never change meaning.',
        'code | means',
        Object.values(EXIT_CODES).map(({ code, means }) => row([String(code), means])),
      ),
    },
    {
      path: 'docs/reference/settings.md',
      text: page(
        'Settings',
        'Of hub, worker, and both (`up`). A flag wins over the environment, that over the file, that over the default.',
        'flag | variable | in a file | default | meaning | of',
        settings(),
      ),
    },
  ]
}

/** Every setting once, with the programs that take it. */
function settings(): readonly string[] {
  const programs = { hub: spellings(HubConfig), worker: spellings(WorkerConfig) }
  const all = new Map(
    Object.values(programs)
      .flat()
      .map((setting) => [setting.key, setting]),
  )
  return Array.from(
    all.values(),
    ({ key, flag, takes, secret, variable, place, fallback, description }) => {
      const written =
        secret === true ? '' : `\`${flag}${takes === undefined ? '' : ` <${takes}>`}\``
      const of = Object.entries(programs).filter(([, own]) => own.some((one) => one.key === key))
      return row([
        written,
        `\`${variable}\``,
        key === 'config' ? '' : `\`${place}\``,
        fallback,
        description,
        of.map(([name]) => name).join(', '),
      ])
    },
  )
}

function page(title: string, lead: string, head: string, rows: readonly string[]): string {
  const columns = head.split(' | ')
  return [
    `# ${title}`,
    '',
    `${lead} Made by \`node scripts/reference.ts\`.`,
    '',
    row(columns),
    row(columns.map(() => '---')),
    ...rows,
    '',
  ].join('\n')
}

if (import.meta.main) {
  for (const { path, text } of referenceDocuments()) writeFileSync(join(ROOT, path), text)
}
