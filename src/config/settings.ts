/**
 * Every setting of hub and worker: meaning, default, flag, environment variable and place in the
 * configuration file. Pure.
 */
import { z } from 'zod'
import { LEASE_MS_DEFAULT, LEASE_MS_MAX, LEASE_MS_MIN } from '../domain/lease.ts'
import { Secret } from '../domain/secret.ts'
import { isPersonName, kebab, Name } from '../domain/text.ts'
import { CallbackPlace, CallbackSecrets } from './callbacks.ts'
import { GitCredential } from './git-credential.ts'

/** How a setting is spelled. Other names are derived from its key: `allowHost` is --allow-host and MILLWRIGHT_ALLOW_HOST. */
type Spelling = {
  readonly description: string
  /** The placeholder for the value in the help; absent for a switch. */
  readonly takes?: string
  /** May be given several times; in the environment separated by commas. */
  readonly repeats?: true
  /** The environment variable; default: derived from the key. */
  readonly variable?: string
  /** Its place in the file, with dots between levels; default: the key. */
  readonly place?: string
  /** Has no flag, because other users of the machine can read argv. */
  readonly secret?: true
}

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const toggle = z
  .union([z.boolean(), z.stringbool()], { error: 'must be true or false' })
  .default(false)
const list = <Item extends z.ZodType>(item: Item, fallback: z.input<Item>[] = []) =>
  z
    .preprocess(
      (value) =>
        typeof value === 'string' ? value.split(',').filter((part) => part !== '') : value,
      z.array(item).max(64),
    )
    .prefault(fallback)
const secret = z
  .string()
  .min(1)
  .max(4096)
  .transform((text) => new Secret(text))
  .optional()
const address = z.url({ protocol: /^https?$/ })
const about = (spelling: Spelling): Spelling => spelling

const common = {
  config: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description: 'configuration file (default: config.yaml in the user’s configuration folder)',
        takes: 'file',
      }),
    ),
  data: z
    .string()
    .min(1)
    .optional()
    .meta(about({ description: 'data folder (default: the user’s data folder)', takes: 'folder' })),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .meta(about({ description: 'lowest level of log lines to write', takes: 'level' })),
}

const hub = {
  port: whole(0, 65_535)
    .default(7373)
    .meta(about({ description: 'port to listen on; 0 picks a free port', takes: 'port' })),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .meta(about({ description: 'address to listen on', takes: 'address' })),
  allowHost: list(z.string().min(1).max(255)).meta(
    about({
      description: 'additional host name that callers may use',
      takes: 'name',
      repeats: true,
    }),
  ),
  database: z
    .string()
    .regex(/^postgres(?:ql)?:\/\//, 'must look like postgres://user@host/database')
    .transform((text) => new Secret(text))
    .optional()
    .meta(
      about({
        description: 'PostgreSQL database that hubs share (default: SQLite in the data folder)',
        takes: 'url',
      }),
    ),
  store: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description:
          'folder for artifacts and logs; hubs with the same ledger must share it (default: the data folder)',
        takes: 'folder',
      }),
    ),
  keepFree: whole(0, Number.MAX_SAFE_INTEGER)
    .default(64 * 1024 * 1024)
    .meta(
      about({
        description: 'bytes of free disk below which the hub refuses new jobs and uploads',
        takes: 'bytes',
      }),
    ),
  keepJobs: whole(0, 36_500)
    .default(90)
    .meta(
      about({
        description: 'days to keep an ended job and everything that belongs to it; 0 means forever',
        takes: 'days',
      }),
    ),
  keepLogs: whole(0, 36_500)
    .default(30)
    .meta(
      about({
        description:
          'days to keep the log files of an ended job, whose text is also in its artifacts; 0 means forever',
        takes: 'days',
      }),
    ),
  callbackAllow: list(CallbackPlace).meta(
    about({
      description: 'host, host:port or network that callbacks may reach although it is not public',
      takes: 'place',
      repeats: true,
      place: 'callbacks.allow',
    }),
  ),
  callbackPort: list(whole(1, 65_535), [443, 80, 8443, 8080]).meta(
    about({
      description: 'port that callbacks may use (default: 443, 80, 8443, 8080)',
      takes: 'port',
      repeats: true,
      place: 'callbacks.ports',
    }),
  ),
  callbackSecret: CallbackSecrets.optional().meta(
    about({
      description:
        'secret that signs callbacks; two during a rotation (default: a file in the data folder)',
      place: 'callbacks.secret',
      secret: true,
    }),
  ),
  behindProxy: toggle.meta(
    about({
      description:
        'a proxy in front of the hub terminates TLS; allows addresses other than loopback',
    }),
  ),
}

const worker = {
  slots: whole(1, 1024)
    .default(2)
    .meta(about({ description: 'jobs to run at the same time', takes: 'count' })),
  label: list(Name).meta(
    about({ description: 'label this worker offers to jobs', takes: 'label', repeats: true }),
  ),
  name: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta(about({ description: 'name of the worker (default: the host name)', takes: 'name' })),
  sandbox: z
    .enum(['required', 'none'])
    .default('required')
    .meta(
      about({
        description: 'required: confine agents in a sandbox; none: run them unconfined',
        takes: 'mode',
      }),
    ),
  allowLocal: toggle.meta(
    about({ description: 'allow jobs to use repositories on this machine’s disk' }),
  ),
  leaseMs: whole(LEASE_MS_MIN, LEASE_MS_MAX)
    .default(LEASE_MS_DEFAULT)
    .meta(
      about({
        description: 'milliseconds after which the job of a dead worker is queued again',
        takes: 'ms',
      }),
    ),
  cacheBytes: whole(0, Number.MAX_SAFE_INTEGER)
    .default(20 * 1024 ** 3)
    .meta(
      about({
        description:
          'bytes of disk for repository caches; the least recently used are deleted first',
        takes: 'bytes',
      }),
    ),
  drainMs: whole(0, 86_400_000)
    .default(30_000)
    .meta(
      about({
        description: 'milliseconds that running jobs have to finish when the worker stops',
        takes: 'ms',
      }),
    ),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta(
      about({
        description: 'model of the built-in agent for jobs that do not name one',
        takes: 'name',
      }),
    ),
  replay: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description: 'file with a script or recording that answers model calls',
        takes: 'file',
      }),
    ),
  record: z
    .string()
    .min(1)
    .optional()
    .meta(about({ description: 'file to record all model traffic in', takes: 'file' })),
  upstreamAnthropic: address
    .optional()
    .meta(about({ description: 'model endpoint with an Anthropic-compatible API', takes: 'url' })),
  upstreamOpenai: address
    .optional()
    .meta(about({ description: 'model endpoint with an OpenAI-compatible API', takes: 'url' })),
  anthropicKey: secret.meta(
    about({ description: 'key for Anthropic', variable: 'ANTHROPIC_API_KEY', secret: true }),
  ),
  openaiKey: secret.meta(
    about({ description: 'key for OpenAI', variable: 'OPENAI_API_KEY', secret: true }),
  ),
  gitCredential: list(GitCredential).meta(
    about({
      description:
        'where the credential for an address is stored: https://host/=env:NAME or =file:path',
      takes: 'rule',
      repeats: true,
      place: 'git.credentials',
    }),
  ),
  gitKnownHosts: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description: 'file of trusted SSH host keys (default: the user’s)',
        takes: 'file',
        place: 'git.knownHosts',
      }),
    ),
  gitCommitter: z
    .string()
    .regex(/^[^<>\p{Cc}]+ <[^<>\s@]+@[^<>\s@]+>$/u, 'must look like: Build Bot <bot@example.org>')
    .max(400)
    .transform((text) => {
      const [name = '', email = ''] = text.split(' <')
      return { name: name.trim(), email: email.slice(0, -1) }
    })
    .refine(({ name }) => isPersonName(name), 'must begin with a name, not with punctuation alone')
    .optional()
    .meta(
      about({
        description: 'committer of all commits: Name <email> (default: Millwright)',
        takes: 'person',
        place: 'git.committer',
      }),
    ),
  gitSign: z
    .enum(['none', 'ssh', 'gpg'])
    .default('none')
    .meta(about({ description: 'how to sign commits', takes: 'format', place: 'git.sign' })),
  gitSigningKey: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta(
      about({
        description: 'key that signs commits: file of an SSH key, or id of a GnuPG key',
        takes: 'key',
        place: 'git.signingKey',
      }),
    ),
}

const remote = {
  hub: address
    .optional()
    .meta(
      about({ description: 'address of the hub (default: the hub on this machine)', takes: 'url' }),
    ),
  allowHttp: toggle.meta(
    about({ description: 'allow sending the token to a hub on another machine without TLS' }),
  ),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .meta(about({ description: 'file that contains the token', takes: 'file' })),
  token: secret.meta(about({ description: 'the token itself', secret: true })),
}

export const HubConfig = z.strictObject({ ...common, ...hub })
export type HubConfig = z.output<typeof HubConfig>

export const WorkerConfig = z.strictObject({ ...common, ...remote, ...worker })
export type WorkerConfig = z.output<typeof WorkerConfig>

/** Hub and worker in one process: the worker needs no address and no token. */
export const UpConfig = z.strictObject({ ...common, ...hub, ...worker })
export type UpConfig = z.output<typeof UpConfig>

/** How every other command finds the hub. */
export const ClientConfig = z.strictObject({ config: common.config, data: common.data, ...remote })
export type ClientConfig = z.output<typeof ClientConfig>

type Settings = z.ZodObject<Record<string, z.ZodType>>

/** A setting with all its names. */
export type Setting = Spelling & {
  readonly key: string
  readonly flag: string
  readonly variable: string
  readonly place: string
  /** The default as text; empty if there is none. */
  readonly fallback: string
}

/** All settings of a program, for flags and documents. */
export function spellings(schema: Settings): readonly Setting[] {
  return Object.entries(schema.shape).map(([key, setting]) => {
    const spelling = SpellingMeta.parse(setting.meta())
    const words = kebab(key)
    const variable = spelling.variable ?? `MILLWRIGHT_${words.replaceAll('-', '_').toUpperCase()}`
    const value = setting.safeParse(undefined).data
    const fallback = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
    const place = spelling.place ?? key
    return { ...spelling, key, flag: `--${words}`, variable, place, fallback }
  })
}

const SpellingMeta: z.ZodType<Spelling> = z.object({
  description: z.string(),
  takes: z.string().exactOptional(),
  repeats: z.literal(true).exactOptional(),
  variable: z.string().exactOptional(),
  place: z.string().exactOptional(),
  secret: z.literal(true).exactOptional(),
})

/** Every setting, by key. A file may contain all of them, whichever program reads it. */
export const AnyConfig = z.strictObject({ ...common, ...remote, ...hub, ...worker })
