import { realpathSync, statSync } from 'node:fs'

/** How the sandbox mounts one path. Paths without a mount are visible but read-only. */
export type Mount =
  | { readonly kind: 'hide' | 'read' | 'write'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

/**
 * Paths that are always hidden, because they hold private files of users and services. `/run`
 * contains the services' sockets.
 */
const HIDDEN = [
  '/root',
  '/home',
  '/srv',
  '/mnt',
  '/media',
  '/run',
  '/tmp',
  '/var/tmp',
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/ssh',
  '/etc/ssl/private',
]

/**
 * Files and folders in /proc that control the kernel. They are mounted read-only, because an agent
 * started by root owns them and could otherwise write to them. A write to core_pattern, for
 * example, could run a program outside the sandbox.
 */
const KERNEL = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'mtrr', 'acpi', 'scsi', 'driver']

/**
 * The sandbox replaces each hidden folder with an empty folder in memory. These are the maximum
 * sizes of the new folders. /tmp and /var/tmp get more space, because programs write files there.
 */
const TMP_BYTES = 2 ** 30
const HIDDEN_BYTES = 2 ** 20

/** Returns the mounts of a sandbox. Paths to hide may be missing; the other paths must exist. */
export function mountsOf(paths: {
  readonly hidden: readonly string[]
  readonly readable: readonly string[]
  readonly writable: readonly string[]
}): readonly Mount[] {
  const hidden = [...HIDDEN, ...paths.hidden].filter((path) => statOf(path) !== undefined)
  return inOrder([
    ...hidden.map((path) => ({ kind: 'hide' as const, path: realpathSync(path) })),
    ...paths.readable.map((path) => ({ kind: 'read' as const, path: realpathSync(path) })),
    ...paths.writable.map((path) => ({ kind: 'write' as const, path: realpathSync(path) })),
  ])
}

/**
 * Sorts outer mounts before inner ones, because a later mount covers an earlier one. For the same
 * reason the most permissive mount of a path comes last.
 */
export function inOrder(mounts: readonly Mount[]): readonly Mount[] {
  const rank = { hide: 0, read: 1, write: 2, link: 3 }
  return mounts.toSorted((one, other) => {
    if (one.path === other.path) return rank[one.kind] - rank[other.kind]
    return `${one.path}/` < `${other.path}/` ? -1 : 1
  })
}

/**
 * How a path appears in the sandbox: the kind of the innermost mount that contains it, or `read` if
 * no mount does.
 */
export function seenAt(path: string, mounts: readonly Mount[]): Mount['kind'] {
  return mounts.findLast((mount) => isWithin(path, mount.path))?.kind ?? 'read'
}

export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`)

/** Converts the mounts to arguments for bwrap. */
export function mountArguments(mounts: readonly Mount[]): readonly string[] {
  return [
    ['--ro-bind', '/', '/'],
    ['--dev', '/dev'],
    ['--proc', '/proc'],
    ...KERNEL.map((name) => ['--ro-bind-try', `/proc/${name}`, `/proc/${name}`]),
    ...mounts.map(mountArgument),
  ].flat()
}

function mountArgument(mount: Mount): readonly string[] {
  const { kind, path } = mount
  switch (kind) {
    case 'hide': {
      if (statOf(path)?.isDirectory() !== true) return ['--ro-bind', '/dev/null', path]
      const size = path.endsWith('/tmp') ? TMP_BYTES : HIDDEN_BYTES
      return ['--size', String(size), '--tmpfs', path]
    }
    case 'read':
      return ['--ro-bind', path, path]
    case 'write':
      return ['--bind', path, path]
    case 'link':
      return ['--symlink', mount.target, path]
  }
}

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false })
