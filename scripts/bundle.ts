import { rolldown } from 'rolldown'
import { ROOT } from './run.ts'

/** The programs that have an entry file of their own, by their path in the package. */
const ENTRIES = [
  'src/main',
  'src/gateway/main',
  'src/agents/builtin/main',
  'src/worker/guard/main',
  'src/worker/keep-leases/main',
]

/**
 * Writes the entry programs with everything they import, dependencies too, as few files of plain
 * JavaScript. Chunks lie in a folder of `src/`, as deep as the code that looks for files beside it
 * (`platform/entry-program.ts`, `cli/version.ts`). Returns the paths of all modules within.
 */
export async function writeBundle(folder: string): Promise<readonly string[]> {
  await using bundle = await rolldown({
    cwd: ROOT,
    input: Object.fromEntries(ENTRIES.map((entry) => [entry, `${entry}.ts`])),
    platform: 'node',
    // An optional addon that pg only looks for when it is asked to.
    external: ['pg-native'],
  })
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'src/chunks/[name]-[hash].js',
  })
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
}
