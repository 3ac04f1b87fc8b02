import { ControllerError } from '../base/controller-error.ts';

/** A URL for messages: without user, query and fragment. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * The URL of something to download.
 * @param name of the setting or variable that holds it.
 * @throws ControllerError SETTINGS_INVALID
 */
export function parseWebUrl(text: string, name: string): URL {
  const url = URL.parse(text.trim());
  if (url !== null && url.hostname !== '' && /^https?:$/.test(url.protocol)) return url;
  throw new ControllerError('SETTINGS_INVALID', `${name} is not the URL of a web server`, {
    remedy: 'wait-for-change',
    hint: `Write ${name} as https://HOST/PATH.`,
  });
}
