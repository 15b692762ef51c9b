import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { typedCheck } from '../../checks/asked.ts'
import { ObjectsAsked } from '../../checks/objects.ts'
import { AppError } from '../../domain/errors.ts'
import { COMMAND } from '../../generators/command.ts'
import type { SubmitForm } from '../kind.ts'
import { readFlags } from '../read-flags.ts'
import { GeneratePayload } from './payload.ts'
import { GENERATE } from './schema.ts'

const Flags = z.object({
  request: z.string().optional(),
  require: ObjectsAsked.shape.required.unwrap().optional(),
  check: z.array(z.string()).default([]),
  title: GeneratePayload.shape.title,
})

/** `millwright submit generate … -- program arguments`. */
export const generateForm: SubmitForm = {
  description:
    'Submits a job that runs a program on the inputs and keeps the files that it writes.',
  usage: '[flags] -- <program> [arguments]',
  flags: [
    {
      flag: '--request <json>',
      description: 'JSON input for the program; @file reads it from a file',
    },
    {
      flag: '--require <name>',
      description:
        'a file that the program must write, such as model.glb or images/*.png; repeatable',
      repeats: true,
    },
    {
      flag: '--check <name=line>',
      description:
        'a named shell command that must pass; it runs in the folder with the generated files; repeatable',
      repeats: true,
    },
    { flag: '--title <text>', description: 'the job’s title in lists (default: the command line)' },
  ],
  examples: [
    `--input photos --require model.glb -- sh -c 'make-model "$MILLWRIGHT_INPUTS" > model.glb'`,
  ],
  payload: async (typed) => {
    const { request, require, check, title } = readFlags(Flags, typed)
    const { rest, cwd } = typed
    if (rest.length === 0) {
      throw new AppError(
        'usage-invalid',
        `submit ${GENERATE} needs a program after two dashes: … -- ./make.sh`,
      )
    }
    return {
      generator: { name: COMMAND, run: rest },
      request: request === undefined ? undefined : await readRequest(request, cwd),
      outputs: require === undefined ? undefined : { required: require },
      checks: check.map(typedCheck),
      title,
    }
  },
}

async function readRequest(typed: string, cwd: string): Promise<unknown> {
  const text = typed.startsWith('@') ? await readRequestFile(typed.slice(1), cwd) : typed
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AppError('usage-invalid', `--request is not valid JSON: ${why}`, { cause: error })
  }
}

async function readRequestFile(path: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, path), 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AppError('file-unreadable', `Cannot read ${path}: ${why}`, { cause: error })
  }
}
