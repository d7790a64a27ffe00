import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** More controls than any page has. */
const MOST_STOPS = 150;
/** The marks of the focus are around a control. */
const AROUND_PX = 6;

/** Presses Tab until the focus is on a control. In a dialog, this begins after the dialog has taken the focus. */
export async function tabTo(page: Page, control: Locator): Promise<void> {
  await control.waitFor();
  await page.waitForFunction(dialogHasFocus);
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    if (await control.evaluate((each) => each === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${control}.`);
}

/**
 * Whether an open dialog, if there is one, has the focus. A dialog takes the focus after it is drawn, and once more after
 * its effects ran. A key that is pressed before goes elsewhere.
 */
function dialogHasFocus(): Promise<boolean> {
  return new Promise((resolve) => {
    requestAnimationFrame(() =>
      setTimeout(() => {
        const dialog = document.querySelector('[role="dialog"][aria-modal="true"]');
        resolve(!dialog || dialog.contains(document.activeElement));
      }, 0),
    );
  });
}

/**
 * Waits until an element has the focus. A page that was opened from another one gives it to its heading, and a closed menu
 * to its button, some time after they are drawn. A key that is pressed before goes elsewhere.
 */
export async function focusOn(element: Locator): Promise<void> {
  await element.waitFor();
  await expect.poll(() => element.evaluate((each) => each === document.activeElement)).toBe(true);
}

/** Tabs to a control, and presses a key there. */
export async function press(page: Page, control: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, control);
  await page.keyboard.press(key);
}

/** Waits until a menu has the focus. It takes it some time after it is drawn; a key that is pressed before goes elsewhere. */
export async function inMenu(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector('[role="menu"]')?.contains(document.activeElement) ?? false,
  );
}

/** Presses an arrow key until the focus is on an item of an open menu, and chooses it. */
export async function chooseItem(page: Page, item: Locator): Promise<void> {
  await item.waitFor();
  await inMenu(page);
  const isHere = () => item.evaluate((each) => each === document.activeElement);
  for (let stops = 0; stops < MOST_STOPS && !(await isHere()); stops++)
    await page.keyboard.press('ArrowDown');
  expect(await isHere()).toBe(true);
  await page.keyboard.press('Enter');
}

/** Tabs to a field, and types instead of what it has. */
export async function type(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

/**
 * Walks from the content of a page to its end by Tab. Expects that each control is reached, that one sees where the focus is,
 * that nothing covers it, and that the focus leaves the page at its end.
 *
 * @returns how many stops there are
 */
export async function expectWalkable(page: Page, where: string): Promise<number> {
  await prepare(page);
  const faults: string[] = [];
  let stops = 0;
  for (let presses = 0; ; presses++) {
    await page.keyboard.press('Tab');
    const stop = await stopOf(page);
    if (!stop) break;
    if (presses === MOST_STOPS)
      throw new Error(`${where}: Tab does not leave the page; it is at ${stop.name}.`);
    // A date has several parts.
    if (stop.isSame) continue;
    stops++;
    if (stop.isCovered) faults.push(`covered: ${stop.name}`);
    if (!(await isMarked(page, stop.box))) faults.push(`not visible: ${stop.name}`);
  }
  faults.push(...(await missed(page)).map((name) => `not reached: ${name}`));
  expect([where, faults]).toEqual([where, []]);
  return stops;
}

interface Walk {
  visited: Set<Element>;
  last: Element | undefined;
  /** What shows a control: its label, where the control itself is hidden. */
  shownBy(element: Element): Element;
  nameOf(element: Element): string;
}
interface Walking {
  walk: Walk;
}

/** Starts at the content of the page, or at the document where the page has no navigation. */
function prepare(page: Page): Promise<void> {
  return page.evaluate(() => {
    const walk: Walk = {
      visited: new Set(),
      last: undefined,
      shownBy: (element) => {
        const { width, height } = element.getBoundingClientRect();
        const isHidden = width <= 1 || height <= 1 || getComputedStyle(element).opacity === '0';
        const label = element instanceof HTMLInputElement ? element.labels?.[0] : undefined;
        return (isHidden && label) || element;
      },
      nameOf: (element) => {
        const { tagName, textContent } = walk.shownBy(element);
        const name = element.getAttribute('aria-label') || textContent || element.getAttribute('name') || '';
        return `${tagName.toLowerCase()} “${name.trim().slice(0, 40)}”`;
      },
    };
    Object.assign(globalThis, { walk });
    const main = document.querySelector<HTMLElement>('main');
    main?.focus();
    if (document.activeElement !== main) (document.activeElement as HTMLElement | null)?.blur();
  });
}

/** Where the focus is; undefined after the end of the page. */
function stopOf(page: Page) {
  return page.evaluate((around) => {
    const { walk } = globalThis as unknown as Walking;
    const element = document.activeElement;
    const main = document.querySelector('main');
    const isSame = element === walk.last;
    if (!element || element === document.body || (walk.visited.has(element) && !isSame)) return undefined;
    if (main && !main.contains(element)) return undefined;
    walk.visited.add(element);
    walk.last = element;
    const { left, top, right, bottom } = walk.shownBy(element).getBoundingClientRect();
    const [middleX, middleY] = [
      (Math.max(left, 0) + Math.min(right, innerWidth)) / 2,
      (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2,
    ];
    const upper = document.elementFromPoint(middleX, middleY);
    const shown = walk.shownBy(element);
    const drawing = shown.closest('svg');
    // A later element of a drawing lies over an earlier one, also where it lets presses through.
    const isOver = (other: Element) =>
      drawing?.contains(other) === true &&
      (other.compareDocumentPosition(shown) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
    const x = Math.max(0, left - around);
    const y = Math.max(0, top - around);
    return {
      name: walk.nameOf(element),
      isSame,
      isCovered: !upper || !(shown.contains(upper) || upper.contains(shown) || isOver(upper)),
      box: {
        x,
        y,
        width: Math.max(1, Math.min(innerWidth, right + around) - x),
        height: Math.max(1, Math.min(innerHeight, bottom + around) - y),
      },
    };
  }, AROUND_PX);
}

/** Whether one sees that the focus is here: without it, the page looks otherwise. */
async function isMarked(
  page: Page,
  clip: { x: number; y: number; width: number; height: number },
): Promise<boolean> {
  const picture = () => page.screenshot({ clip, caret: 'initial' });
  const focused = await picture();
  const element = await page.evaluateHandle(() => {
    const each = document.activeElement as HTMLElement;
    each.blur();
    return each;
  });
  const blurred = await picture();
  // The last key was Tab, so this focus looks like one of the keyboard, too.
  await element.evaluate((each) => each.focus({ preventScroll: true }));
  await element.dispose();
  return !focused.equals(blurred);
}

/** The controls of the content that were not reached. Of radio buttons with one name, Tab reaches one. */
function missed(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { walk } = globalThis as unknown as Walking;
    const content = document.querySelector('main') ?? document.body;
    const radiosOf = (element: Element) =>
      element instanceof HTMLInputElement && element.type === 'radio'
        ? [
            ...content.querySelectorAll<HTMLInputElement>(
              `input[type=radio][name="${CSS.escape(element.name)}"]`,
            ),
          ]
        : [element];
    return [
      ...content.querySelectorAll<HTMLElement>(
        'a[href], button, input, select, textarea, summary, [tabindex]',
      ),
    ]
      .filter(
        (each) => each.tabIndex >= 0 && !each.matches(':disabled') && walk.shownBy(each).checkVisibility(),
      )
      .filter((each) => !radiosOf(each).some((radio) => walk.visited.has(radio)))
      .map(walk.nameOf);
  });
}
