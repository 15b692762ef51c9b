import { chmod, lstat, readdir } from 'node:fs/promises'

/** Lets the owner read, enter and change every folder in a tree; links are not followed. */
export async function openFolders(root: string): Promise<void> {
  const folders = [Buffer.from(root)]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { mode } = await lstat(folder)
    if ((mode & 0o700) !== 0o700) await chmod(folder, mode | 0o700)
    for (const entry of await readdir(folder, { encoding: 'buffer', withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(Buffer.concat([folder, SLASH, entry.name]))
    }
  }
}

const SLASH = Buffer.from('/')
