import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Records in a folder which hosts have answered this machine. If a host name does not resolve, the
 * cause is an outage if the host has answered before, and a misspelled name otherwise.
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

  /**
   * Records a host. Writes to disk only the first time in this process. If the write fails, this
   * process still remembers the host, and the call that reached the host does not fail.
   */
  async add(host: string): Promise<void> {
    if (this.#noted.has(host)) return
    this.#noted.add(host)
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(this.#file(host), '')
    } catch {
      // Ignore the error: after a restart, the record only makes an error message clearer.
    }
  }

  /** The name is a digest, because a host name may be longer than a file name. */
  #file(host: string): string {
    return join(this.#folder, createHash('sha256').update(host).digest('hex'))
  }
}
