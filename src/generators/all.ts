import { z } from 'zod'
import { COMMAND, CommandChoice, commandGenerator } from './command.ts'
import type { Generate } from './generator.ts'

/** The generator that a job names, and its options. */
export const GeneratorChoice = z.discriminatedUnion('name', [CommandChoice])
export type GeneratorChoice = z.infer<typeof GeneratorChoice>

/** Makes the generator that a job chose. */
export function generatorOf(choice: GeneratorChoice): Generate {
  switch (choice.name) {
    case COMMAND:
      return commandGenerator(choice)
  }
}

/** The demand of a job that needs a generator, and the offer of a worker that can run it. */
export const generatorOffer = (name: GeneratorChoice['name']): string => `generator:${name}`

/** The generators that can run on this machine. A command only needs its own program. */
export const generatorsHere = (): readonly GeneratorChoice['name'][] => [COMMAND]
