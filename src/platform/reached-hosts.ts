import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Remembers in a folder which hosts have answered this machine. A name that does not resolve is
 * then an outage for a host that has answered before, and a wrong name otherwise.
 */
export class ReachedHosts {
  readonly #folder: string
  readonly #noted = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  has(host: string): boolean {
    return this.#noted.has(host) || existsSync(this.#file(host))
  }

  /** Writes only when the host is new to this process. */
  async add(host: string): Promise<void> {
    if (this.#noted.has(host)) return
    this.#noted.add(host)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeFile(this.#file(host), '')
  }

  #file(host: string): string {
    return join(this.#folder, encodeURIComponent(host))
  }
}
