import type { Command } from 'commander';

/**
 * In the order of the help. Only the called command is loaded, because loading takes most of a short command's time.
 */
export const COMMANDS: Record<string, () => Promise<Command>> = {
  demo: async () => (await import('./demo.ts')).demoCommand(),
  serve: async () => (await import('./serve-command.ts')).serveCommand(),
  admins: async () => (await import('./admins.ts')).adminsCommand(),
  keys: async () => (await import('./keys.ts')).keysCommand(),
  'scim-tokens': async () => (await import('./scim-tokens.ts')).scimTokensCommand(),
  'signing-keys': async () => (await import('./signing-keys.ts')).signingKeysCommand(),
  'master-key': async () => (await import('./master-key.ts')).masterKeyCommand(),
  instance: async () => (await import('./instance.ts')).instanceCommand(),
  orgs: async () => (await import('./orgs.ts')).orgsCommand(),
  locations: async () => (await import('./directory-lists.ts')).directoryListCommand('locations'),
  desks: async () => (await import('./directory-lists.ts')).directoryListCommand('desks'),
  spaces: async () => (await import('./directory-lists.ts')).directoryListCommand('spaces'),
  users: async () => (await import('./directory-lists.ts')).directoryListCommand('users'),
  groups: async () => (await import('./directory-lists.ts')).directoryListCommand('groups'),
  import: async () => (await import('./import.ts')).importCommand(),
  'floor-plans': async () => (await import('./floor-plans.ts')).floorPlansCommand(),
  submit: async () => (await import('./submit.ts')).submitCommand(),
  export: async () => (await import('./export.ts')).exportCommand(),
  people: async () => (await import('./people.ts')).peopleCommand(),
  visitors: async () => (await import('./visitors.ts')).visitorsCommand(),
  erasures: async () => (await import('./erasures.ts')).erasuresCommand(),
  retention: async () => (await import('./retention.ts')).retentionCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  events: async () => (await import('./events.ts')).eventsCommand(),
  aggregates: async () => (await import('./aggregates-command.ts')).aggregatesCommand(),
  jobs: async () => (await import('./jobs-command.ts')).jobsCommand(),
  backup: async () => (await import('./backup.ts')).backupCommand(),
  restore: async () => (await import('./restore.ts')).restoreCommand(),
  config: async () => (await import('./config-command.ts')).configCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  service: async () => (await import('./service.ts')).serviceCommand(),
  openapi: async () => (await import('./openapi.ts')).openapiCommand(),
};
