import { type ComboboxItem, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { QueryKey } from '@tanstack/react-query';
import { useState } from 'react';
import { texts } from '../texts.ts';
import { firstWords, MOST_CHARACTERS, PAUSE_MS, type ReadPage, useFound } from './found.ts';

const { searchSelect: words } = texts;

export interface SearchSelectProps {
  label: string;
  placeholder?: string;
  /** What to say if nothing has the name that is typed. */
  nothing?: string;
  description?: string;
  error?: string | undefined;
  disabled?: boolean;
  /** Widths in pixels. */
  w?: number;
  miw?: number;
  /** The value that is chosen now. Undefined if none is, or if it shows only in `shown`. */
  value?: string | undefined;
  /** What is chosen now, in words. By default the choice that was made here, if it is still the value. */
  shown?: string | undefined;
  onChoose: (value: string) => void;
  /** The name of the button that chooses nothing, and what it does. Without it, there is no such button. */
  clear?: { label: string; onClear: () => void };
}

interface FoundSelectProps extends SearchSelectProps {
  /** The key of what `read` reads. */
  queryKey: QueryKey;
  /** Reads a page of the choices. */
  read: ReadPage<ComboboxItem>;
}

/** Chooses one of many, searched on the server. It loads more of them as one scrolls. */
export function SearchSelect({
  placeholder = words.hint,
  nothing = words.nothing,
  value,
  shown,
  onChoose,
  clear,
  queryKey,
  read,
  error: fault,
  ...rest
}: FoundSelectProps) {
  const [text, setText] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setChosen] = useState<ComboboxItem>();
  const name = shown ?? (chosen !== undefined && chosen.value === value ? chosen.label : '');
  const wanted = isOpen ? firstWords(text) : '';
  const [search] = useDebouncedValue(wanted, PAUSE_MS);
  const { data, error, isFetching, isPlaceholderData, hasNextPage, fetchNextPage } = useFound(
    queryKey,
    search,
    read,
    isOpen,
  );
  const found = data?.pages.flatMap(({ items }) => items) ?? [];
  // A row that somebody renames between two pages may be on both. The component takes each value once.
  const loaded = [...new Map(found.map((choice) => [choice.value, choice])).values()];
  // A key must not choose what was found for other letters.
  const isCurrent = search === wanted && !isPlaceholderData;
  const choices = isCurrent ? loaded : loaded.filter(({ label }) => hasWords(label, wanted));
  // The component must know what is chosen, also while it is not found.
  const present = value === undefined ? [] : [{ value, label: name }];
  const others = choices.filter((choice) => choice.value !== value);
  return (
    <Select
      {...rest}
      error={fault}
      placeholder={placeholder}
      searchable
      maxLength={MOST_CHARACTERS}
      // The server has searched already. The present choice comes first: to choose it again clears it, where that is possible.
      filter={() => (wanted === '' && name !== '' ? [...present, ...others] : choices)}
      nothingFoundMessage={isFetching || !isCurrent ? texts.shell.loading : error ? words.failed : nothing}
      value={value ?? null}
      {...(clear && { clearable: true, clearButtonProps: { 'aria-label': clear.label } })}
      searchValue={isOpen ? text : name}
      onSearchChange={setText}
      onDropdownOpen={() => {
        // The name of what is chosen is nothing to search for. A key that opened the list was typed after it.
        setText((typed) => (typed.startsWith(name) ? typed.slice(name.length) : typed));
        setIsOpen(true);
      }}
      onDropdownClose={() => {
        setText('');
        setIsOpen(false);
      }}
      onChange={(next, option) => {
        if (next === null) {
          clear?.onClear();
        } else {
          setChosen(option);
          onChoose(next);
        }
      }}
      scrollAreaProps={{
        onBottomReached: () => {
          if (hasNextPage && !isFetching) void fetchNextPage();
        },
      }}
      data={[...present, ...others]}
    />
  );
}

/** Whether each word of a search is a part of a text, without regard to case. */
export function hasWords(label: string, search: string): boolean {
  const folded = label.toLowerCase();
  return search
    .toLowerCase()
    .split(' ')
    .every((word) => folded.includes(word));
}
