/** An element, as selectors know it. */
export interface SelectedElement {
  name: string;
  id: string | undefined;
  className: string | undefined;
}

/**
 * The keys of the elements that a rule may be for, one for each selector of its list: the id, else the class, else the name, of
 * the last part. A rule is for no element without its key.
 */
export function keysOfRule(selectors: string): string[] {
  return selectors.split(',').map((selector) => {
    const last =
      selector
        .trim()
        .split(/[\s>+~]+/)
        .at(-1) ?? '';
    const [compound = ''] = last.split(':', 1);
    const [name = '', ...marks] = compound.split(/(?=[.#])/);
    const isMark = (text: string) => text.startsWith('.') || text.startsWith('#');
    const all = isMark(name) ? [name, ...marks] : marks;
    const key = all.find((mark) => mark.startsWith('#')) ?? all[0] ?? name;
    return key === '' ? '*' : key;
  });
}

/** The keys of the rules that may be for an element. */
export function keysOfElement({ name, id, className = '' }: SelectedElement): string[] {
  const classes = className.split(/\s+/).filter((each) => each !== '');
  return ['*', name, ...(id === undefined ? [] : [`#${id}`]), ...classes.map((each) => `.${each}`)];
}
