import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { ReachedHosts } from './reached-hosts.ts'

describe('the hosts that have answered', () => {
  it('are known after a restart, also those with names longer than a file name', async () => {
    const folder = join(await tempFolder(), 'hosts')
    const long = `${'label.'.repeat(50)}example:8080`
    await new ReachedHosts(folder).add(long)
    const restarted = new ReachedHosts(folder)
    expect(restarted.has(long)).toBe(true)
    expect(restarted.has('other.example')).toBe(false)
  })

  it('are remembered in memory when the disk refuses the record', async () => {
    const blocked = join(await tempFolder(), 'file')
    await writeFile(blocked, '')
    const hosts = new ReachedHosts(join(blocked, 'hosts'))
    await hosts.add('git.example')
    expect(hosts.has('git.example')).toBe(true)
  })
})
