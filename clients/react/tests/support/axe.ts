import type { Page } from '@playwright/test';
import axe from 'axe-core';

/** What was found on a page that somebody may stumble over. */
export interface Finding {
  /** Whether it keeps somebody from using the page. */
  readonly grave: boolean;
  /** What it is. */
  readonly what: string;
  /** Where it is. */
  readonly where: string;
}

/** What breaks these is looked for. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Examines what is shown now with axe. Its script is put in by the browser's own debugging protocol, so that the page keeps
 * its content security policy.
 */
export async function examine(page: Page): Promise<ReadonlyArray<Finding>> {
  await settle(page);
  await page.evaluate(axe.source);
  const violations = await page.evaluate(
    async (tags) => (await window.axe.run({ runOnly: tags })).violations,
    TAGS,
  );
  return violations.flatMap(({ id, impact, help, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => ({
      grave: impact === 'serious' || impact === 'critical',
      what: `${id} (${impact}): ${help}. ${failureSummary.replaceAll(/\s+/g, ' ')}`,
      where: html,
    })),
  );
}

/** Waits until nothing moves or fades any more: what is half transparent has no contrast. */
export async function settle(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        ({ effect, playState }) =>
          playState !== 'running' || effect?.getComputedTiming().iterations === Number.POSITIVE_INFINITY,
      ),
  );
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
