import { Fieldset, SimpleGrid, TextInput } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { texts } from '../../texts.ts';
import { formatWhole } from '../format.ts';
import type { Key } from './first-lines.ts';

const { limits: words } = texts.integrations.keys;

/** The limits that apply to every key without its own, and the largest ones that a caller may give. */
export type LimitsOfAll = Pick<Reply<'GET /v1/manage/keys'>, 'defaultLimits' | 'mostLimits'>;

const LIMITS = ['login', 'events', 'reads', 'management', 'exports'] as const;
type Limit = (typeof LIMITS)[number];

interface LimitFieldsProps extends LimitsOfAll {
  present: Key['limits'];
}

/** The rate limits of a key by class: a field is empty where the key has the default. `changedLimitsOf` reads them. */
export function LimitFields({ present, defaultLimits, mostLimits }: LimitFieldsProps) {
  return (
    <Fieldset legend={words.title}>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {LIMITS.map((limit) => (
          <TextInput
            key={limit}
            name={limit}
            type="number"
            min={1}
            step={1}
            label={words.fields[limit]}
            description={hintOf(defaultLimits[limit], mostLimits[limit])}
            defaultValue={present[limit] ?? ''}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}

function hintOf(usual: number | undefined, most: number | undefined): string {
  const ofOthers = usual === undefined ? words.ofOrganisation : words.usually(formatWhole(usual));
  return `${ofOthers} ${words.most(formatWhole(most))}`;
}

/** The limits of a form that are others than the present ones; null stands for the default. */
export function changedLimitsOf(
  fields: FormData,
  present: Key['limits'],
): { limits?: Partial<Record<Limit, number | null>> } {
  const limits = LIMITS.flatMap((limit) => {
    const text = String(fields.get(limit) ?? '').trim();
    const value = text === '' ? null : Number(text);
    return value === (present[limit] ?? null) ? [] : [[limit, value] as const];
  });
  return limits.length > 0 ? { limits: Object.fromEntries(limits) } : {};
}

/** The limits that a key has of its own, in words; undefined if all are the defaults. */
export function describeLimits(limits: Key['limits']): string | undefined {
  const own = LIMITS.flatMap((limit) =>
    limits[limit] === undefined ? [] : [words.amounts[limit](formatWhole(limits[limit]))],
  );
  return own.length > 0 ? words.own(own.join(' · ')) : undefined;
}

/** The limits of a key that has none of its own, in a sentence. */
export function describeDefaults({ defaultLimits: { exports, ...others } }: LimitsOfAll): string {
  const parts = LIMITS.flatMap((limit) =>
    limit === 'exports' ? [] : [words.amounts[limit](formatWhole(others[limit]))],
  );
  const last =
    exports === undefined ? words.exportsOfOrganisation : words.amounts.exports(formatWhole(exports));
  return words.defaults([...parts, last].join(' · '));
}
