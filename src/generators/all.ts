import { z } from 'zod'
import { COMMAND, CommandChoice, commandGenerator } from './command.ts'
import type { Generate } from './generator.ts'

/** The generator requested by a job, and its options. */
export const GeneratorChoice = z.discriminatedUnion('name', [CommandChoice])
export type GeneratorChoice = z.infer<typeof GeneratorChoice>

export function generatorOf(choice: GeneratorChoice): Generate {
  switch (choice.name) {
    case COMMAND:
      return commandGenerator(choice)
  }
}

/**
 * Returns the string with which a job requires this generator and a worker offers it, such as
 * `generator:command`.
 */
export const generatorOffer = (name: GeneratorChoice['name']): string => `generator:${name}`

/**
 * The names of the generators that this machine can run. `command` needs only the program that the
 * job names.
 */
export const generatorsHere = (): readonly GeneratorChoice['name'][] => [COMMAND]
