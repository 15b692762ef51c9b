import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** What systemd waits before it starts a service again (RestartSec), in milliseconds. */
const RESTART_MS = 100

/** A Node program that is started again whenever it ends, until it is disposed. */
export class Service implements AsyncDisposable {
  readonly #argv: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess
  #isWanted = true

  constructor(argv: readonly string[], env: NodeJS.ProcessEnv) {
    this.#argv = argv
    this.#env = env
    this.#child = this.#start()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, this.#argv, { env: this.#env, stdio: 'ignore' })
    child.once('exit', () => {
      if (this.#isWanted) setTimeout(() => (this.#child = this.#start()), RESTART_MS)
    })
    return child
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isWanted = false
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
  }
}
