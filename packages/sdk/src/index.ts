export type { Operations, Problem } from './types.gen.ts';
