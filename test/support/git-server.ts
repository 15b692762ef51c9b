import { onTestFinished } from 'vitest'
import { type GitServer, serveGit } from './serve-git.ts'

/** A git server over HTTP that is closed when the test ends. */
export async function startGitServer(
  root: string,
  options: { readonly login?: boolean } = {},
): Promise<GitServer> {
  const server = await serveGit(root, options)
  onTestFinished(() => server.close())
  return server
}
