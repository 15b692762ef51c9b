/**
 * Every setting of the hub and the worker, with its meaning, default, flag, environment variable
 * and name in the configuration file.
 */
import { z } from 'zod'
import { LEASE_MS_DEFAULT, LEASE_MS_MAX, LEASE_MS_MIN } from '../domain/lease.ts'
import { typedDuration, typedSize } from '../domain/read-quantity.ts'
import { Secret } from '../domain/secret.ts'
import { isPersonName, Name } from '../domain/text.ts'
import { CallbackPlace, CallbackSecrets } from './callbacks.ts'
import { GitCredential } from './git-credential.ts'
import { network } from './network.ts'
import { about } from './spelling.ts'

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
/** A duration in milliseconds, or with a unit, such as `10m`. */
const ms = (min: number, max: number) => typedDuration(z.int().min(min).max(max))
/** A size in bytes, or with a unit, such as `2GB`. */
const size = typedSize(z.int().min(0).max(Number.MAX_SAFE_INTEGER))
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
const httpUrl = z.url({ protocol: /^https?$/ })

const common = {
  config: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description: 'configuration file (default: ~/.config/millwright/config.yaml)',
        takes: 'file',
        isPath: true,
      }),
    ),
  data: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description: 'folder where Millwright keeps its data (default: ~/.local/share/millwright)',
        takes: 'folder',
        isPath: true,
      }),
    ),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .meta(about({ description: 'lowest level of log entries to write', takes: 'level' })),
  logFormat: z
    .enum(['auto', 'text', 'json'])
    .default('auto')
    .meta(
      about({
        description:
          '"text" for people or "json"; "auto" writes text to a terminal, otherwise JSON',
        takes: 'format',
      }),
    ),
}

const hub = {
  port: whole(0, 65_535)
    .default(7373)
    .meta(about({ description: 'port to listen on; 0 selects a free port', takes: 'port' })),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .meta(about({ description: 'address to listen on', takes: 'address' })),
  allowHost: list(z.string().min(1).max(255)).meta(
    about({
      description: 'additional host name under which clients may call the hub',
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
        isPath: true,
      }),
    ),
  keepFree: size.default(64 * 1024 * 1024).meta(
    about({
      description:
        'minimum free disk space; the hub refuses new jobs and uploads while less is free',
      takes: 'size',
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
          'days to keep the log files of an ended job, whose artifacts also contain the logs; 0 means forever',
        takes: 'days',
      }),
    ),
  callbackAllow: list(CallbackPlace).meta(
    about({
      description: 'host, host:port or network that callbacks may reach even if it is not public',
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
        'a proxy in front of the hub terminates TLS; the hub may then listen on any address',
    }),
  ),
}

const worker = {
  slots: whole(1, 1024)
    .default(2)
    .meta(about({ description: 'maximum number of jobs to run at the same time', takes: 'count' })),
  label: list(Name).meta(
    about({ description: 'label that this worker offers to jobs', takes: 'label', repeats: true }),
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
        description: '"required" runs agents in a sandbox; "none" runs them unconfined',
        takes: 'mode',
      }),
    ),
  allowLocal: toggle.meta(
    about({ description: 'allow jobs to use repositories on this machine’s disk' }),
  ),
  leaseMs: ms(LEASE_MS_MIN, LEASE_MS_MAX)
    .default(LEASE_MS_DEFAULT)
    .meta(
      about({
        description: 'time until a job is queued again after its worker has died',
        takes: 'time',
      }),
    ),
  cacheBytes: size.default(20 * 1024 ** 3).meta(
    about({
      description:
        'maximum size of all repository caches; the least recently used are deleted first',
      takes: 'size',
    }),
  ),
  drainMs: ms(0, 86_400_000)
    .default(30_000)
    .meta(
      about({
        description: 'time that running jobs get to finish after the worker is asked to stop',
        takes: 'time',
      }),
    ),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta(
      about({
        description: 'model that the built-in agent uses if the job does not name one',
        takes: 'name',
      }),
    ),
  replay: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description: 'file with a script or recording that replaces the model',
        takes: 'file',
        isPath: true,
      }),
    ),
  record: z
    .string()
    .min(1)
    .optional()
    .meta(
      about({
        description: 'file in which all model traffic is recorded',
        takes: 'file',
        isPath: true,
      }),
    ),
  upstreamAnthropic: httpUrl.optional().meta(
    about({
      description: 'URL of a model server with an Anthropic-compatible API',
      takes: 'url',
    }),
  ),
  upstreamOpenai: httpUrl
    .optional()
    .meta(
      about({ description: 'URL of a model server with an OpenAI-compatible API', takes: 'url' }),
    ),
  anthropicKey: secret.meta(
    about({ description: 'API key for Anthropic', variable: 'ANTHROPIC_API_KEY', secret: true }),
  ),
  openaiKey: secret.meta(
    about({ description: 'API key for OpenAI', variable: 'OPENAI_API_KEY', secret: true }),
  ),
  gitCredential: list(GitCredential).meta(
    about({
      description:
        'where the credential for a URL is stored: https://host/=env:NAME or https://host/=file:path',
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
        description: 'file of trusted SSH host keys (default: the user’s known_hosts file)',
        takes: 'file',
        isPath: true,
        place: 'git.knownHosts',
      }),
    ),
  gitSafeDirectory: list(z.string().regex(/^\//, 'must be an absolute path')).meta(
    about({
      description:
        'path of a local repository that jobs may use although another user owns it; its git hooks, and commands in its git settings, then run as the worker’s user',
      takes: 'folder',
      repeats: true,
      place: 'git.safeDirectories',
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
    .refine(({ name }) => isPersonName(name), 'must begin with a name that is not only punctuation')
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
        description: 'key that signs commits: the path of an SSH key, or the id of a GnuPG key',
        takes: 'key',
        isPath: true,
        place: 'git.signingKey',
      }),
    ),
}

const remote = {
  hub: httpUrl
    .optional()
    .meta(
      about({ description: 'URL of the hub (default: the hub on this machine)', takes: 'url' }),
    ),
  allowHttp: toggle.meta(
    about({ description: 'allow sending the token to a hub on another machine without TLS' }),
  ),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .meta(about({ description: 'file that contains the token', takes: 'file', isPath: true })),
  token: secret.meta(about({ description: 'token that authenticates to the hub', secret: true })),
}

export const HubConfig = z.strictObject({ ...common, ...hub })
export type HubConfig = z.output<typeof HubConfig>

export const WorkerConfig = z.strictObject({ ...common, ...remote, ...network, ...worker })
export type WorkerConfig = z.output<typeof WorkerConfig>

/**
 * The settings for a hub and a worker in one process. This worker needs no hub URL and no token.
 */
export const UpConfig = z.strictObject({ ...common, ...hub, ...network, ...worker })
export type UpConfig = z.output<typeof UpConfig>

/** The settings with which client commands, such as `millwright jobs`, find the hub. */
export const ClientConfig = z.strictObject({
  config: common.config,
  data: common.data,
  ...remote,
  ...network,
})
export type ClientConfig = z.output<typeof ClientConfig>

/**
 * Every setting, by key. A configuration file may contain any setting, no matter which program
 * reads it.
 */
export const AnyConfig = z.strictObject({ ...common, ...remote, ...network, ...hub, ...worker })
