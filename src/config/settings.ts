/**
 * Every setting of hub and worker: what it means, its default, its flag, its environment variable
 * and its place in a configuration file. Pure.
 */
import { z } from 'zod'
import { LEASE_MS_DEFAULT, LEASE_MS_MAX, LEASE_MS_MIN } from '../domain/lease.ts'
import { Secret } from '../domain/secret.ts'
import { isPersonName, kebab, Name } from '../domain/text.ts'
import { CallbackPlace, CallbackSecrets } from './callbacks.ts'
import { GitCredential } from './git-credential.ts'

/** How a setting is written; the rest follows from its key: `allowHost` is --allow-host and MILLWRIGHT_ALLOW_HOST. */
type Spelling = {
  readonly description: string
  /** What stands for the value in the help; none for a switch. */
  readonly takes?: string
  /** May be given several times; in the environment separated by commas. */
  readonly repeats?: true
  /** The variable, where it has a name of its own. */
  readonly variable?: string
  /** Its place in a file, with dots between the levels; its key where it has no name of its own. */
  readonly place?: string
  /** No flag: other users of the machine can read argv. */
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
        description: 'file of settings (default: config.yaml in the user’s configuration folder)',
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
    .meta(about({ description: 'least important log lines to write', takes: 'level' })),
}

const hub = {
  port: whole(0, 65_535)
    .default(7373)
    .meta(about({ description: 'port to listen on; 0 takes a free one', takes: 'port' })),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .meta(about({ description: 'address to listen on', takes: 'address' })),
  allowHost: list(z.string().min(1).max(255)).meta(
    about({ description: 'further Host name callers may use', takes: 'name', repeats: true }),
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
          'folder of artifacts and logs; hubs that share a ledger share it (default: in the data folder)',
        takes: 'folder',
      }),
    ),
  keepFree: whole(0, Number.MAX_SAFE_INTEGER)
    .default(64 * 1024 * 1024)
    .meta(
      about({
        description: 'bytes of disk below which the hub takes no new work',
        takes: 'bytes',
      }),
    ),
  keepJobs: whole(0, 36_500)
    .default(90)
    .meta(
      about({
        description: 'days an ended job is kept, with all that belongs to it; 0 for ever',
        takes: 'days',
      }),
    ),
  keepLogs: whole(0, 36_500)
    .default(30)
    .meta(
      about({
        description: 'days the logs of an ended job are kept beside its artifacts; 0 for ever',
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
      description: 'signs callbacks; two while one replaces the other (default: a file)',
      place: 'callbacks.secret',
      secret: true,
    }),
  ),
  behindProxy: toggle.meta(
    about({ description: 'TLS ends in front of the hub; allows other addresses than loopback' }),
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
    .meta(about({ description: 'the worker’s name (default: the host’s)', takes: 'name' })),
  sandbox: z
    .enum(['required', 'none'])
    .default('required')
    .meta(about({ description: 'confine agents (required) or not (none)', takes: 'mode' })),
  allowLocal: toggle.meta(
    about({ description: 'let jobs use repositories on this machine’s own disk' }),
  ),
  leaseMs: whole(LEASE_MS_MIN, LEASE_MS_MAX)
    .default(LEASE_MS_DEFAULT)
    .meta(
      about({ description: 'milliseconds until a dead worker’s job is leased again', takes: 'ms' }),
    ),
  cacheBytes: whole(0, Number.MAX_SAFE_INTEGER)
    .default(20 * 1024 ** 3)
    .meta(
      about({
        description: 'bytes of disk for caches of repositories; the ones used last stay',
        takes: 'bytes',
      }),
    ),
  drainMs: whole(0, 86_400_000)
    .default(30_000)
    .meta(about({ description: 'milliseconds running jobs get to finish at a stop', takes: 'ms' })),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta(
      about({ description: 'model of the built-in agent for jobs that name none', takes: 'name' }),
    ),
  replay: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({ description: 'answer model calls from this script or recording', takes: 'file' }),
    ),
  record: z
    .string()
    .min(1)
    .optional()
    .meta(about({ description: 'write all model traffic to this file', takes: 'file' })),
  upstreamAnthropic: address
    .optional()
    .meta(about({ description: 'Anthropic-style model endpoint', takes: 'url' })),
  upstreamOpenai: address
    .optional()
    .meta(about({ description: 'OpenAI-style model endpoint', takes: 'url' })),
  anthropicKey: secret.meta(
    about({ description: 'its key', variable: 'ANTHROPIC_API_KEY', secret: true }),
  ),
  openaiKey: secret.meta(
    about({ description: 'its key', variable: 'OPENAI_API_KEY', secret: true }),
  ),
  gitCredential: list(GitCredential).meta(
    about({
      description: 'https://host/=env:NAME or =file:path; used by fetch and push alone',
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
        description: 'file of ssh host keys to trust (default: the user’s)',
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
        description: 'in whose name commits are made: Name <address> (default: Millwright)',
        takes: 'person',
        place: 'git.committer',
      }),
    ),
  gitSign: z
    .enum(['none', 'ssh', 'gpg'])
    .default('none')
    .meta(about({ description: 'how commits are signed', takes: 'format', place: 'git.sign' })),
  gitSigningKey: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta(
      about({
        description: 'file of an ssh key, or id of a GnuPG key, that signs',
        takes: 'key',
        place: 'git.signingKey',
      }),
    ),
}

const remote = {
  hub: address
    .optional()
    .meta(
      about({ description: 'the hub’s address (default: the one on this machine)', takes: 'url' }),
    ),
  allowHttp: toggle.meta(
    about({ description: 'send the token to another machine’s hub without TLS' }),
  ),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .meta(about({ description: 'file that holds the token', takes: 'file' })),
  token: secret.meta(about({ description: 'the token itself', secret: true })),
}

export const HubConfig = z.strictObject({ ...common, ...hub })
export type HubConfig = z.output<typeof HubConfig>

export const WorkerConfig = z.strictObject({ ...common, ...remote, ...worker })
export type WorkerConfig = z.output<typeof WorkerConfig>

/** Hub and worker in one process: the worker needs no address and no token. */
export const UpConfig = z.strictObject({ ...common, ...hub, ...worker })
export type UpConfig = z.output<typeof UpConfig>

/** How every other command finds its hub. */
export const ClientConfig = z.strictObject({ config: common.config, data: common.data, ...remote })
export type ClientConfig = z.output<typeof ClientConfig>

type Settings = z.ZodObject<Record<string, z.ZodType>>

/** A setting with all its names. */
export type Setting = Spelling & {
  readonly key: string
  readonly flag: string
  readonly variable: string
  readonly place: string
  /** The default as it would be written; empty where there is none. */
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

/** Every setting there is, by key: what a file may hold whatever program reads it. */
export const AnyConfig = z.strictObject({ ...common, ...remote, ...hub, ...worker })
