import { z } from 'zod'
import { COMMAND, CommandChoice, commandGenerator } from './command.ts'
import type { Generate } from './generator.ts'

/** What a job says of its generator: its name and what this one must know. */
export const GeneratorChoice = z.discriminatedUnion('name', [CommandChoice])
export type GeneratorChoice = z.infer<typeof GeneratorChoice>

/** The generator that a job chose. */
export function generatorOf(choice: GeneratorChoice): Generate {
  switch (choice.name) {
    case COMMAND:
      return commandGenerator(choice)
  }
}

/** What a job demands that needs a generator, and a worker offers that can run it. */
export const generatorOffer = (name: GeneratorChoice['name']): string => `generator:${name}`

/** The generators that work on this machine: a command needs nothing but its own program. */
export const generatorsHere = (): readonly GeneratorChoice['name'][] => [COMMAND]
