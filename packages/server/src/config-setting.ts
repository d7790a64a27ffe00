/**
 * One setting: a flag, an environment variable and a default, with one parser. The command line reads both
 * (`toOptions`). A flag takes precedence over the variable.
 */
export interface Setting<T = unknown> {
  flags: string;
  env: string;
  description: string;
  parse: (text: string) => T;
  default?: T;
  /**
   * What a list of settings shows in place of a value that may hold a secret. Without it, it shows the value. Errors do not show
   * the value of a setting that has it.
   */
  hide?: (value: string) => string;
}

export type SettingsOf<T extends Record<string, Setting>> = {
  [K in keyof T]: ReturnType<T[K]['parse']> | (T[K] extends { default: unknown } ? never : undefined);
};

export function setting<T>(
  flags: string,
  env: string,
  description: string,
  parse: (text: string) => T,
  value: T,
): Setting<T> & { default: T };
export function setting<T>(
  flags: string,
  env: string,
  description: string,
  parse: (text: string) => T,
): Setting<T>;
export function setting<T>(
  flags: string,
  env: string,
  description: string,
  parse: (text: string) => T,
  value?: T,
): Setting<T> {
  return { flags, env, description, parse, ...(value === undefined ? {} : { default: value }) };
}

/** The same setting, with `hide` for lists of settings. */
export function hiding<S extends Setting>(entry: S, hide: (value: string) => string): S {
  return { ...entry, hide };
}
