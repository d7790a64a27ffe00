import { Button, Group } from '@mantine/core';
import { useParameters } from './address.ts';

interface PageButtonsProps {
  /** The `after` of the next page. */
  next: string | null | undefined;
  words: { newest: string; older: string };
}

/** Leads to the next page of a list, and back to the first. `after` in the address names the page. */
export function PageButtons({ next, words }: PageButtonsProps) {
  const [parameters, change] = useParameters();
  return (
    <Group>
      {parameters.has('after') && (
        <Button variant="default" size="compact-sm" onClick={() => change({ after: undefined })}>
          {words.newest}
        </Button>
      )}
      {next && (
        <Button variant="default" size="compact-sm" onClick={() => change({ after: next })}>
          {words.older}
        </Button>
      )}
    </Group>
  );
}
