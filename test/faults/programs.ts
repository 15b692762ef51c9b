import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { appendFileSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Plan } from '../support/fault-probe.ts'
import type { FaultSettings } from '../support/fault-program.ts'
import type { ProbeLabel } from './places.ts'

const SUPPORT = join(import.meta.dirname, '..', 'support')

/** How often a woken program is looked at, and how long after each look. */
const WAKE_LOOKS = 20
const WAKE_MS = 100

/** What is to be kept running, and who wants to hear of it. */
export type Wanted = {
  readonly program: 'hub' | 'worker'
  readonly settings: Omit<FaultSettings, 'plan'>
  /** One for each life; later lives are left alone. */
  readonly plans: readonly (Plan | null)[]
  /** Where its log goes. */
  readonly log: string
  readonly onReady: (said: string) => void
  readonly onHit: (label: ProbeLabel) => void
  readonly onFault: (kept: Kept) => void
}

/** A program that is started again whenever it dies, as a service manager does it. */
export class Kept {
  readonly #wanted: Wanted
  readonly #news = new EventEmitter()
  #child: ChildProcess
  #isReady = false
  #isWanted = true
  #lives = 0
  /** Ends that nobody brought about. */
  crashes = 0

  constructor(wanted: Wanted) {
    this.#wanted = wanted
    this.#child = this.#start()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves when it works. */
  async ready(): Promise<void> {
    if (!this.#isReady) await once(this.#news, 'ready')
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Lets a stopped program go on, and sees to it that it does. */
  async wake(): Promise<void> {
    for (let looks = 0; looks < WAKE_LOOKS; looks += 1) {
      if (looks === 0 || isStopped(this.pid)) this.#note(`woken ${this.#child.kill('SIGCONT')}`)
      await pause(WAKE_MS)
    }
  }

  /** Ends it for good. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#isWanted = false
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGCONT')
    this.#child.kill(signal)
    await exited
  }

  #start(): ChildProcess {
    const { program, settings, plans, log } = this.#wanted
    const plan = plans[this.#lives] ?? null
    this.#lives += 1
    const file = openSync(log, 'a')
    const line = [join(SUPPORT, `fault-${program}.ts`), JSON.stringify({ ...settings, plan })]
    const child = spawn(process.execPath, line, { stdio: ['pipe', 'pipe', file] })
    child.stdin?.on('error', () => {})
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (said) => this.#hear(said))
    }
    child.once('exit', (code) => {
      this.#isReady = false
      if (!this.#isWanted) return
      if (code !== null && code !== 0) this.crashes += 1
      this.#child = this.#start()
    })
    return child
  }

  /** Into the program's own log, for whoever looks at it later. */
  #note(what: string): void {
    const { log } = this.#wanted
    appendFileSync(log, `${JSON.stringify({ suite: what, pid: this.pid, at: new Date() })}\n`)
  }

  #hear(line: string): void {
    const [word, said = ''] = line.split(' ')
    if (word === 'ready') {
      this.#isReady = true
      this.#wanted.onReady(said)
      this.#news.emit('ready')
    }
    // Said by our own program: one of the labels.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (word === 'hit') this.#wanted.onHit(said as ProbeLabel)
    if (word === 'fault') {
      this.#note(line)
      this.#wanted.onFault(this)
    }
  }
}

function isStopped(pid: number): boolean {
  try {
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
