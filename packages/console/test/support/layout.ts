import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Expects that the page does not scroll sideways, and that each text and control can be reached. */
export async function expectReachable(page: Page, where: string): Promise<void> {
  // The charts follow the width of the page a moment later.
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(overflow, { message: where }).toBe(0);
  expect([where, await cutOff(page)]).toEqual([where, []]);
}

/** What is cut off: texts and controls that are outside of the page, or of a part of it that does not scroll. */
function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const TOLERANCE_PX = 1;
    const scrolls = (value: string) => value === 'auto' || value === 'scroll';
    const isForScreenReaders = (style: CSSStyleDeclaration) =>
      style.clipPath !== 'none' || style.clip !== 'auto' || (style.width === '1px' && style.height === '1px');
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()} “${(element.textContent || element.getAttribute('aria-label') || '').trim().slice(0, 40)}”`;
    /** The box in which something can be seen or to which one can scroll, as far as it does not scroll sideways. */
    const isReachable = (element: Element, box: DOMRect): boolean => {
      for (let around = element.parentElement; around; around = around.parentElement) {
        const style = getComputedStyle(around);
        if (isForScreenReaders(style)) return true;
        const frame = around.getBoundingClientRect();
        if (scrolls(style.overflowX)) return true;
        if (style.overflowX === 'hidden' || style.overflowX === 'clip') {
          if (box.right > frame.right + TOLERANCE_PX || box.left < frame.left - TOLERANCE_PX) return false;
        }
        if (style.position === 'fixed') {
          const { clientWidth, clientHeight } = document.documentElement;
          const fits = frame.bottom <= clientHeight + TOLERANCE_PX || scrolls(style.overflowY);
          return fits && box.right <= clientWidth + TOLERANCE_PX && box.left >= -TOLERANCE_PX;
        }
      }
      return box.left >= -TOLERANCE_PX && box.right <= document.documentElement.clientWidth + TOLERANCE_PX;
    };
    const found: string[] = [];
    for (const element of document.body.querySelectorAll('*')) {
      const style = getComputedStyle(element);
      const hasText = [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim(),
      );
      const isControl = element.matches('a[href], button, input, select, textarea, [tabindex="0"]');
      if (
        !(hasText || isControl) ||
        !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
      )
        continue;
      if (isForScreenReaders(style) || element.closest('svg') || element.matches('.skip')) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) continue;
      // Text that is shortened with dots cannot be read.
      const hides = style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + TOLERANCE_PX;
      if (hasText && hides && !element.matches('input, select')) found.push(`shortened: ${name(element)}`);
      else if (!isReachable(element, box)) found.push(`outside: ${name(element)}`);
    }
    return found;
  });
}
