import type { Command } from 'commander'
import type { Invocation } from '../command.ts'
export function addDemo(program: Command, invocation: Invocation): void {
  void invocation
  program.command('demo')
}
