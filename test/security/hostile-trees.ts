/** An attack of an agent, or of a repository's author, on the worker's git. */
export type HostileTree = {
  readonly name: string
  /**
   * Run in the tree as the agent would. `$PWN` is a program that leaves the canary; `$SECRET` a
   * folder outside the tree with a secret in the files `a.txt` and `key`.
   */
  readonly script: string
  /** Files in the repository before the agent runs. */
  readonly files?: Readonly<Record<string, string>>
  /** Whether unprotected git falls for it, which proves that the attack works. */
  readonly bites: boolean
}

const config = (key: string, value = '"$PWN"'): string => `git config ${key} ${value}`
const edited = 'echo edited >> a.txt'

/** Programs named in the configuration of the agent's own repository. */
const CONFIGURED: readonly HostileTree[] = [
  { name: 'core.fsmonitor', script: config('core.fsmonitor'), bites: true },
  {
    name: 'core.hooksPath',
    script: `mkdir h; cp "$PWN" h/pre-commit; ${config('core.hooksPath', 'h')}`,
    bites: true,
  },
  {
    name: 'hooks',
    script:
      'mkdir -p .git/hooks; for h in pre-commit post-checkout pre-push post-index-change reference-transaction post-commit; do cp "$PWN" .git/hooks/$h; done',
    bites: true,
  },
  {
    name: 'a clean filter',
    script: `echo '* filter=evil' > .gitattributes; ${config('filter.evil.clean')}`,
    bites: true,
  },
  {
    name: 'a smudge filter',
    script: `echo '* filter=evil' > .gitattributes; ${config('filter.evil.smudge')}`,
    bites: true,
  },
  {
    name: 'a filter process',
    script: `echo '* filter=evil' > .gitattributes; ${config('filter.evil.process')}`,
    bites: true,
  },
  {
    name: 'a filter named lfs',
    script: `echo '* filter=lfs' > .gitattributes; ${config('filter.lfs.clean')}`,
    bites: true,
  },
  {
    name: 'textconv',
    script: `${config('diff.evil.textconv')}; echo '* diff=evil' > .gitattributes; ${edited}`,
    bites: true,
  },
  {
    name: 'a diff driver',
    script: `${config('diff.evil.command')}; echo '* diff=evil' > .gitattributes; ${edited}`,
    bites: true,
  },
  { name: 'diff.external', script: `${config('diff.external')}; ${edited}`, bites: true },
  {
    name: 'a merge driver',
    script: `${config('merge.evil.driver')}; echo '* merge=evil' > .gitattributes`,
    bites: false,
  },
  { name: 'core.sshCommand', script: config('core.sshCommand'), bites: true },
  { name: 'credential.helper', script: config('credential.helper', '"!$PWN"'), bites: false },
  { name: 'core.askPass', script: config('core.askPass'), bites: false },
  { name: 'core.pager', script: config('core.pager'), bites: false },
  { name: 'core.editor', script: config('core.editor'), bites: false },
  { name: 'an alias', script: config('alias.write-tree', '"!$PWN"'), bites: false },
  {
    name: 'gpg.program',
    script: `${config('gpg.program')}; ${config('commit.gpgSign', 'true')}; ${edited}`,
    bites: true,
  },
  {
    name: 'include.path',
    script: `printf '[core]\\n\\tfsmonitor = %s\\n' "$PWN" > included; ${config('include.path', '"$PWD/included"')}`,
    bites: true,
  },
  {
    name: 'config.worktree',
    script: `${config('extensions.worktreeConfig', 'true')}; printf '[core]\\n\\tfsmonitor = %s\\n' "$PWN" > .git/config.worktree`,
    bites: true,
  },
  {
    name: 'an address rewritten to ext::',
    script: `${config('protocol.ext.allow', 'always')}; ${config('url."ext::$PWN #".insteadOf', '"$REMOTE"')}`,
    bites: true,
  },
  {
    name: 'remote.origin.uploadpack',
    script: `${config('remote.origin.url', '"$REMOTE"')}; ${config('remote.origin.uploadpack')}; ${config('remote.origin.receivepack')}`,
    bites: true,
  },
  {
    name: 'core.worktree',
    script: config('core.worktree', '"$SECRET"'),
    bites: false,
  },
]

/** Another repository in place of the agent's own, or next to it. */
const DISGUISED: readonly HostileTree[] = [
  {
    name: 'a gitfile that points outside',
    script: `${config('core.fsmonitor')}; mv .git ../elsewhere; echo "gitdir: $PWD/../elsewhere" > .git`,
    bites: true,
  },
  {
    name: '.git as a link',
    script: `${config('core.fsmonitor')}; mv .git ../elsewhere; ln -s ../elsewhere .git`,
    bites: true,
  },
  {
    name: 'a commondir outside',
    script: `git init -q --bare ../common; cp -r .git/. ../common/; git --git-dir=../common config core.bare false; git --git-dir=../common config core.fsmonitor "$PWN"; echo "$PWD/../common" > .git/commondir`,
    bites: true,
  },
  {
    name: 'a bare repository as the tree itself',
    script: `mv .git/HEAD .git/objects .git/refs .git/index .; rm -r .git; printf '[core]\\n\\trepositoryformatversion = 0\\n\\tbare = false\\n\\tworktree = .\\n\\tfsmonitor = %s\\n' "$PWN" > config`,
    bites: true,
  },
  {
    name: 'a bare repository in the tree',
    script: `git init -q --bare evil.git; git --git-dir=evil.git config core.fsmonitor "$PWN"`,
    bites: false,
  },
  {
    name: 'a nested repository with fsmonitor',
    script: `git init -q nest; cd nest; echo n > n; git add n; git commit -qm n; ${config('core.fsmonitor')}`,
    bites: true,
  },
  {
    name: 'a nested repository with filters',
    script: `git init -q nest; cd nest; echo '* filter=evil' > .gitattributes; echo n > n; git add n; git commit -qm n; echo m > n; ${config('filter.evil.clean')}`,
    bites: true,
  },
  {
    name: 'a nested repository in a tracked folder',
    script: `git init -q dir; cd dir; git add .; git commit -qm n; ${config('core.fsmonitor')}`,
    bites: false,
  },
  {
    name: 'a nested gitfile that points outside',
    script: `git init -q nest; cd nest; echo n > n; git add n; git commit -qm n; ${config('core.fsmonitor')}; mv .git ../../nested; echo "gitdir: $PWD/../../nested" > .git`,
    bites: true,
  },
  {
    name: 'a submodule folder filled with a poisoned repository',
    script: `git init -q sub; cd sub; echo n > n; git add n; git commit -qm n; cd ..; git add sub; git commit -qm sub; cd sub; echo m > n; ${config('core.fsmonitor')}`,
    bites: true,
  },
]

/** Files in the tree that git reads as configuration. */
const IN_THE_TREE: readonly HostileTree[] = [
  {
    name: 'a submodule over ext::',
    script: `printf '[submodule "s"]\\n\\tpath = s\\n\\turl = ext::%s\\n' "$PWN" > .gitmodules`,
    bites: false,
  },
  {
    name: 'a submodule path that ends in a carriage return (CVE-2025-48384)',
    script: `mkdir -p hooks; cp "$PWN" hooks/post-checkout; printf '[submodule "s"]\\n\\tpath = "s\\r"\\n\\turl = ./x\\n' > .gitmodules; ln -s .git/hooks "$(printf 's\\r')"`,
    bites: false,
  },
  {
    name: 'a configuration for whoever takes the tree for a home',
    script: `printf '[core]\\n\\tfsmonitor = %s\\n' "$PWN" > .gitconfig; mkdir -p .config/git; cp .gitconfig .config/git/config`,
    bites: false,
  },
  {
    name: '.lfsconfig with a transfer program',
    script: `printf '[lfs "customtransfer.x"]\\n\\tpath = %s\\n' "$PWN" > .lfsconfig; echo '* filter=lfs diff=lfs merge=lfs' > .gitattributes`,
    bites: false,
  },
  {
    name: 'attributes of the repository itself',
    files: { '.gitattributes': '* filter=evil diff=evil merge=evil\n', 'a.txt': 'a\n' },
    script: `${config('filter.evil.clean')}; ${config('diff.evil.command')}; ${edited}`,
    bites: true,
  },
  {
    name: 'a folder replaced by a link to secrets',
    script: 'rm -r dir; ln -s "$SECRET" dir; ln -s "$SECRET/key" key; ln -s "$SECRET" .gitmodules',
    bites: false,
  },
  {
    name: '.gitignore and .gitattributes as links to secrets',
    script: 'ln -s "$SECRET/key" .gitignore; ln -s "$SECRET/key" .gitattributes',
    bites: false,
  },
  {
    name: 'objects borrowed from outside',
    script: 'mkdir -p .git/objects/info; echo "$SECRET" > .git/objects/info/alternates',
    bites: false,
  },
]

export const HOSTILE_TREES: readonly HostileTree[] = [...CONFIGURED, ...DISGUISED, ...IN_THE_TREE]
