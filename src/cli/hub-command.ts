import type { Command } from 'commander'
import { z } from 'zod'
import { ClientConfig } from '../config/settings.ts'
import type { HubClient } from '../protocol/client.ts'
import { addSettings, type Invocation, onRun } from './command.ts'
import { findHub } from '../compose/find-hub.ts'
import { readSettings } from '../compose/read-settings.ts'
import { type Printer, printer } from './print/printer.ts'

/** The values passed to the action of a command that calls a hub. */
export type HubCall<Flags> = {
  readonly flags: Flags
  readonly args: readonly string[]
  readonly print: Printer
  /** Returns a client for the hub that the flags select. Throws the errors of `findHub`. */
  readonly connect: () => Promise<HubClient>
}

/** Adds the flags that select a hub to a command, and sets its action. */
export function onHub<Flags extends z.ZodType>(
  command: Command,
  { terminal }: Invocation,
  flags: Flags,
  run: (call: HubCall<z.output<Flags>>) => Promise<void>,
): void {
  addSettings(command, ClientConfig).option(
    '--json',
    'print JSON on stdout, and messages on stderr',
  )
  onRun(command, flags, async (parsed, args) => {
    const { json } = JsonFlag.parse(command.opts())
    await run({
      flags: parsed,
      args,
      print: printer(terminal, json),
      connect: async () =>
        findHub(await readSettings(ClientConfig, command.opts(), terminal), terminal),
    })
  })
}

const JsonFlag = z.object({ json: z.boolean().default(false) })
