import { rolldown } from 'rolldown'
import { ROOT } from './run.ts'

/** The entry files of the programs that run as separate processes, by their path in the package. */
const ENTRIES = [
  'src/main',
  'src/gateway/main',
  'src/agents/builtin/main',
  'src/worker/guard/main',
  'src/worker/keep-leases/main',
]

/**
 * Bundles the entry programs and everything they import, including dependencies, into a few
 * JavaScript files. Chunks are written one folder below `src/`, at the same depth as the code that
 * locates files by relative paths (`platform/entry-program.ts`, `cli/version.ts`). Returns the
 * paths of all bundled modules.
 */
export async function writeBundle(folder: string): Promise<readonly string[]> {
  await using bundle = await rolldown({
    cwd: ROOT,
    input: Object.fromEntries(ENTRIES.map((entry) => [entry, `${entry}.ts`])),
    platform: 'node',
    // An optional addon that pg loads only if a program asks for it.
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
