import { Group, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { texts } from '../texts.ts';

interface PageProps {
  title: string;
  /** Controls beside the heading. */
  actions?: ReactNode;
  children: ReactNode;
}

let isFirst = true;

/** A page: it names the document, and takes the focus to its heading when one came from another page. */
export function Page({ title, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${texts.product}`;
    if (!isFirst) heading.current?.focus();
    isFirst = false;
  }, [title]);
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title ref={heading} tabIndex={-1} className="page-title">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </>
  );
}
