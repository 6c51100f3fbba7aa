/** A device, as far as its user agent tells. */
export interface Device {
  /** Such as `Firefox on Linux`; the user agent itself where nothing is known about it. */
  readonly name: string;
  readonly kind: 'desktop' | 'mobile' | 'unknown';
}

type Mark = readonly [mark: RegExp, name: string];

/** The first that fits counts: most browsers also name those that they descend from. */
const BROWSERS: ReadonlyArray<Mark> = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|OPiOS)\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|HeadlessChrome|Chromium)\//, 'Chrome'],
  [/\bVersion\/.+\bSafari\//, 'Safari'],
];

/** Android names Linux too, and an iPhone macOS. */
const SYSTEMS: ReadonlyArray<Mark> = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows NT\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

const MOBILE: ReadonlySet<string> = new Set(['iPhone', 'iPad', 'Android']);

/**
 * A short name for what calls itself so. It is what the client claims, and browsers claim less and less: versions are
 * left out, and an iPad may say that it is a Mac.
 */
export function deviceOf(userAgent: string | null): Device {
  if (!userAgent?.trim()) return { name: 'Unknown device', kind: 'unknown' };
  const browser = find(BROWSERS, userAgent);
  const system = find(SYSTEMS, userAgent);
  if (!browser || !system) return { name: userAgent, kind: 'unknown' };
  return { name: `${browser} on ${system}`, kind: MOBILE.has(system) ? 'mobile' : 'desktop' };
}

function find(marks: ReadonlyArray<Mark>, userAgent: string): string | undefined {
  return marks.find(([mark]) => mark.test(userAgent))?.[1];
}
